using System.IO.Compression;
using System.Text;
using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Tests.Audience;

public sealed class ImportFormatTests : ImportTest
{
    [Theory]
    [InlineData("utf-8", false)]
    [InlineData("utf-8", true)]
    [InlineData("utf-16", true)]
    [InlineData("utf-16BE", true)]
    public async Task TheEncodingIsReadOffTheByteOrderMark(string encoding, bool mark)
    {
        var text = Encoding.GetEncoding(encoding);
        byte[] csv = [.. mark ? text.GetPreamble() : [], .. text.GetBytes("email,name\nana@example.com,Zoë 茶\n")];

        Assert.Equal(1, (await ImportAsync(csv)).Created);
        Assert.Equal("Zoë 茶", (await ReadAsync("ana@example.com")).Name);
    }

    [Theory]
    [InlineData("email,name,city\nana@example.com,Ana,\"x;\ty,\"\nbo@example.com,,\n")]
    [InlineData("email;name;city\r\nana@example.com;Ana;\"x;\ty,\"\r\nbo@example.com;;\r\n")]
    [InlineData("email\tname\tcity\rana@example.com\tAna\t\"x;\ty,\"\rbo@example.com\t\t")]
    [InlineData("\r\n\n  \nemail,name,city\n\n\nana@example.com,Ana,\"x;\ty,\"\n\nbo@example.com,,\n,,\n\n")]
    [InlineData("sep=|\r\nemail|name|city\r\nana@example.com|Ana|\"x;\ty,\"\r\nbo@example.com||\r\n")]
    [InlineData("\"email\",\"name\",\"city\"\n\"ana@example.com\",\"Ana\",\"x;\ty,\"\n\"bo@example.com\",\"\",\"\"")]
    public async Task DelimitersLineEndsAndBlankLinesAreWhatTheyAre(string csv)
    {
        var import = await ImportAsync(csv);

        Assert.Equal((2, 2, 0), (import.Rows, import.Created, import.Invalid));
        Assert.Equal(Encoding.UTF8.GetByteCount(csv), import.Bytes);
        var ana = await ReadAsync("ana@example.com");
        Assert.Equal(("Ana", "x;\ty,"), (ana.Name, ana.Attributes["city"].GetString()));
    }

    [Theory]
    [InlineData("email,name\na\uFFFE@example.com,Ana\nbo@example.com,Bo\n")]
    [InlineData("email,name\nana@example.com,A\uFFFEa\nbo@example.com,Bo\n")]
    public async Task ACharacterThatIsNoneIsAProblemOfItsRow(string csv)
    {
        var import = await ImportAsync(csv);

        Assert.Equal((2, 1, 1), (import.Rows, import.Created, import.Invalid));
    }

    [Theory]
    [InlineData("sep=\"\nemail\nana@example.com\n", "No column is called email.")]
    [InlineData("sep=e\nemail\nana@example.com\n", "No column is called email.")]
    [InlineData("em\uFFFEail\nana@example.com\n", "The first line can't be read as names of columns")]
    public async Task AFirstLineThatMakesNoSenseIsRefusedInWords(string csv, string reason) =>
        Assert.StartsWith(reason, await RefuseAsync(csv), StringComparison.Ordinal);

    [Fact]
    public async Task AValueMayHaveSeveralLinesAndQuotationMarks()
    {
        await ImportAsync("email,note\r\nana@example.com,\"one\r\ntwo \"\"three\"\"\"\r\n");

        Assert.Equal("one\r\ntwo \"three\"", (await ReadAsync("ana@example.com")).Attributes["note"].GetString());
    }

    [Fact]
    public async Task ColumnsAreCalledByPlainKeys()
    {
        await ImportAsync("Address,FULL NAME,First-Name,Prénom,2024 donor?,,T-shirt / size\nana@example.com,Ana Lee,An,Anne,yes,ignored,M\n");

        var ana = await ReadAsync("ana@example.com");
        Assert.Equal("Ana Lee", ana.Name);
        Assert.Equal(["first_name", "prenom", "t_shirt_size", "x_2024_donor"], ana.Attributes.Keys.Order());
    }

    [Fact]
    public async Task EveryWrongRowIsListedWithItsLineAndColumnAndTheGoodOnesAreKept()
    {
        var import = await ImportAsync(
            "email,Name,city\n"                       // 1
            + "ana@example.com,Ana,Paris\n"           // 2
            + "not an address,X,\n"                   // 3
            + ",Nobody,\n"                            // 4
            + "a@example.com,\"two\nlines\",\n"       // 5, 6
            + "b@example.com,x\u202Ey,\n"             // 7
            + "c@example.com,C,a\0b\n"                // 8
            + "d@example.com,D\n"                     // 9
            + "e@example.com,E,x,y\n"                 // 10
            + "f@example.com,F,x,,\n"                 // 11: fine
            + "g@example.com,5\" G,\n"                // 12
            + "h@example.com,\"H\n"                   // 13
            + "i@example.com,I,\n"                    // 14
            + "j@example.com,\"J\",\n"                // 15
            + $"k@example.com,K,{new string('x', 2_001)}\n" // 16
            + $"l@example.com,{new string('n', 201)},\n"    // 17
            + "m@example.com,M,\n");                  // 18

        Assert.Equal((14, 3, 11), (import.Rows, import.Created, import.Invalid));
        Assert.Equal(
        [
            (3, "email", "The address has no @."),
            (4, "email", "The address is empty."),
            (5, "Name", "It holds a line break at character 4."),
            (7, "Name", "It holds a bidirectional control character (U+202E) at character 2."),
            (8, "city", "It holds a NUL character at character 2."),
            (9, null, "The row has 2 columns and the header 3."),
            (10, null, "The row has 4 columns and the header 3: a value with a delimiter in it needs quotation marks."),
            (12, null, "A quotation mark stands where none may: a value with one in it is put in quotation marks, and the mark inside doubled."),
            (13, null, "A quotation mark opened here isn't closed as it should be, so that lines 13 to 15 were read as one row. None of them was imported."),
            (16, "city", "It is 2001 characters long, and 2000 is the limit."),
            (17, "Name", "It is 201 characters long, and 200 is the limit."),
        ],
            (await ProblemsAsync(import.Id)).Select(problem => ((int)problem.Line, problem.Column, problem.Reason)));
    }

    [Fact]
    public async Task TextThatIsNotUtf8IsAProblemOfItsRow()
    {
        byte[] csv = [.. "email,name\n"u8, .. Encoding.Latin1.GetBytes("ana@example.com,José\nbo@example.com,Bo\njosé@example.com,X\n")];

        var import = await ImportAsync(csv);

        Assert.Equal((1, 2), (import.Created, import.Invalid));
        Assert.All(await ProblemsAsync(import.Id), problem =>
            Assert.Equal("It holds a character that isn't UTF-8: export the file as CSV in UTF-8.", problem.Reason));
    }

    [Theory]
    [InlineData("", "The file is empty.")]
    [InlineData(" \r\n\r\n", "The file is empty.")]
    [InlineData("name,city\nAna,Paris\n", "No column is called email. The first line must name the columns, parted by commas, semicolons or tabs; it names \"name\", \"city\".")]
    [InlineData("ana@example.com,Ana\nbo@example.com,Bo\n", "The first line holds an address, so it is a reader and not a header: put a line with the names of the columns above it, like email,name.")]
    [InlineData("email,city,E-Mail\n", "Columns 1 (\"email\") and 3 (\"E-Mail\") mean the same, email: remove or rename one.")]
    [InlineData("email,City,city\n", "Columns 2 (\"City\") and 3 (\"city\") mean the same, city: remove or rename one.")]
    [InlineData("email,都市\n", "Column 2, \"都市\", has no letter a-z or digit in its name, and attributes are called by these: rename it.")]
    [InlineData("email,a\u0001b\n", "The first line can't be read as names of columns: the text of column 2 is not UTF-8 or holds control characters. Export the file as CSV in UTF-8.")]
    [InlineData("email,x\0\nana@example.com,ab\n", "The file is no text in UTF-8, nor in UTF-16 with a byte order mark: it has NUL bytes. Export it as CSV in UTF-8.")]
    public async Task AFileThatCanNotBeReadIsRefusedAsAWholeWithASentence(string csv, string reason) =>
        Assert.Equal(reason, await RefuseAsync(csv));

    [Fact]
    public async Task BinaryJunkIsRefused()
    {
        var random = new byte[200_000];
        new Random(35).NextBytes(random);
        Assert.Contains("Export", await RefuseAsync(random));
        Assert.Contains("NUL bytes", await RefuseAsync([.. "email\nana@example.com\n"u8, .. new byte[1_000]]));

        using var spreadsheet = new MemoryStream();
        using (var zip = new ZipArchive(spreadsheet, ZipArchiveMode.Create, leaveOpen: true)) zip.CreateEntry("xl/workbook.xml");
        Assert.Equal("The file is a spreadsheet or an archive, not a text: export it as CSV in UTF-8.", await RefuseAsync(spreadsheet.ToArray()));

        var noNul = Array.ConvertAll(random, b => b == 0 ? (byte)1 : b);
        Assert.Contains("can't be read as names of columns", await RefuseAsync(noNul));
        Assert.Contains("NUL bytes", await RefuseAsync(Encoding.Unicode.GetBytes("email\nana@example.com\n")));
    }

    [Fact]
    public async Task ARowWithoutEndIsRefusedWithItsLineAndNothingIsImported()
    {
        var open = "email,note\nana@example.com,x\n\nbo@example.com,\"open\n" + string.Concat(Enumerable.Repeat("carl@example.com,y\n", 80_000));
        Assert.Equal(
            "The row that begins in line 4 doesn't end within 1,000,000 characters: most likely a quotation mark there is never closed. "
            + "Nothing was imported; correct that line and send the file again.",
            await RefuseAsync(open));

        Assert.Contains("line 2 doesn't end", await RefuseAsync("email\n" + new string('x', 3_000_000)));
        Assert.Contains("line 2 doesn't end", await RefuseAsync("email,a\n" + new string(',', 3_000_000)));
        Assert.Contains("The first line doesn't end", await RefuseAsync("email," + new string('x', 3_000_000)));
    }

    [Fact]
    public async Task AHugeValueThatEndsIsAProblemOfItsRow()
    {
        var import = await ImportAsync($"email,note\nana@example.com,x\nbo@example.com,\"{new string('x', 900_000)}\"\ncarl@example.com,y\n");

        Assert.Equal((2, 1), (import.Created, import.Invalid));
        Assert.Equal(3, Assert.Single(await ProblemsAsync(import.Id)).Line);
    }

    [Fact]
    public async Task AFileOfAHeaderOnlyIsAnEmptyImport()
    {
        var import = await ImportAsync("email,name\n");
        Assert.Equal((0, 0, ImportState.Finished), (import.Rows, import.Created, import.State));
    }

    [Fact]
    public async Task AFileMayHaveAHundredColumnsAndNotMore()
    {
        static string Header(int attributes) => "email," + string.Join(',', Enumerable.Range(0, attributes).Select(i => $"k{i}")) + "\n";

        Assert.Equal(0, (await ImportAsync(Header(99))).Invalid);
        Assert.Equal("The file has 101 columns, and 100 is the limit.", await RefuseAsync(Header(100)));
    }
}
