using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.RegularExpressions;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>Made-up readers as the CSV that an operator would import: names from many places, some without one, all at reserved domains (RFC 2606).</summary>
internal static partial class DemoReaders
{
    private static readonly string[] FirstNames =
    [
        "Ana", "Björn", "Chiara", "Đorđe", "Élodie", "Fatima", "Grace", "Hiroshi", "Ingrid", "João", "Kemal", "Léa", "Marek", "Niamh", "Oluwaseun", "Priya",
        "Quentin", "Rosa", "Søren", "Thandiwe", "Ulla", "Valentina", "Wei", "Ximena", "Yusuf", "Zoë", "明美", "서연", "محمد", "Ольга", "Ελένη", "นภา",
    ];

    private static readonly string[] GivenColumns = ["email", "name", "city"];

    private static readonly string[] Domains = ["example.com", "example.org", "example.net", "mail.test", "readers.test"];

    /// <summary>Address of the reader of this number.</summary>
    public static string Address(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"reader{number:D6}@{Domains[number % Domains.Length]}");

    /// <summary>Number of the reader of this address; 0 where it is nobody's.</summary>
    public static int NumberOf(string address)
    {
        var at = address.IndexOf('@', StringComparison.Ordinal);
        return at > 6 && int.TryParse(address.AsSpan(6, at - 6), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number > 0 && address.Equals(Address(number), StringComparison.OrdinalIgnoreCase)
            ? number
            : 0;
    }

    /// <summary>
    /// The attributes that an edition's slots name, each once: made-up readers need them, or the edition could not be sent to them.
    /// Without those whose column would mean the same as one that is there anyway: no file could have both.
    /// </summary>
    public static IReadOnlyList<string> AttributesIn(EditionDocument edition) =>
        [.. Attribute().Matches($"{edition.Subject}\n{edition.Preheader}\n{edition.Body}")
            .Select(match => match.Groups["name"].Value).ExceptBy(["", .. GivenColumns], SubscriberImport.KeyOf, StringComparer.Ordinal)];

    /// <summary>The file, written while it is read: a million readers take no memory.</summary>
    /// <param name="count">How many readers.</param>
    /// <param name="attributes">Columns to fill beside name and city.</param>
    public static Stream Csv(int count, IReadOnlyList<string> attributes)
    {
        var pipe = new Pipe();
        _ = WriteAsync(pipe.Writer, count, attributes);
        return pipe.Reader.AsStream();
    }

    [GeneratedRegex(@"subscriber\.attributes\.(?<name>[A-Za-z_][A-Za-z0-9_]*)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1_000)]
    private static partial Regex Attribute();

    private static async Task WriteAsync(PipeWriter writer, int count, IReadOnlyList<string> attributes)
    {
        Exception? failure = null;
        try
        {
            var columns = string.Concat(attributes.Select(attribute => "," + attribute));
            var values = string.Concat(attributes.Select(attribute => $",some {attribute}"));
            writer.Write(Encoding.UTF8.GetBytes($"{string.Join(',', GivenColumns)}{columns}\n"));
            for (var number = 1; number <= count; number++)
            {
                // Every seventh gave no name: the defaults of the edition's slots must read well too.
                var name = number % 7 == 0 ? "" : FirstNames[number % FirstNames.Length];
                writer.Write(Encoding.UTF8.GetBytes($"{Address(number)},{name},{(number % 5 == 0 ? new string(',', attributes.Count) : values)}\n"));
                if (number % 1_000 == 0 && (await writer.FlushAsync()).IsCompleted)
                    break;
            }
        }
        catch (Exception e)
        {
            failure = e;
        }

        await writer.CompleteAsync(failure);
    }

    private static void Write(this PipeWriter writer, byte[] bytes) => System.Buffers.BuffersExtensions.Write(writer, bytes);
}
