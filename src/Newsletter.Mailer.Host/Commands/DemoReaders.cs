using System.Globalization;
using System.IO.Pipelines;
using System.Text;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>Made-up readers as the CSV that an operator would import: names from many places, some without one, all at reserved domains (RFC 2606).</summary>
internal static class DemoReaders
{
    private static readonly string[] FirstNames =
    [
        "Ana", "Björn", "Chiara", "Đorđe", "Élodie", "Fatima", "Grace", "Hiroshi", "Ingrid", "João", "Kemal", "Léa", "Marek", "Niamh", "Oluwaseun", "Priya",
        "Quentin", "Rosa", "Søren", "Thandiwe", "Ulla", "Valentina", "Wei", "Ximena", "Yusuf", "Zoë", "明美", "서연", "محمد", "Ольга", "Ελένη", "นภา",
    ];

    private static readonly string[] Domains = ["example.com", "example.org", "example.net", "mail.test", "readers.test"];

    /// <summary>Address of the reader of this number.</summary>
    public static string Address(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"reader{number:D6}@{Domains[number % Domains.Length]}");

    /// <summary>The file, written while it is read: a million readers take no memory.</summary>
    public static Stream Csv(int count)
    {
        var pipe = new Pipe();
        _ = WriteAsync(pipe.Writer, count);
        return pipe.Reader.AsStream();
    }

    private static async Task WriteAsync(PipeWriter writer, int count)
    {
        Exception? failure = null;
        try
        {
            writer.Write(Encoding.UTF8.GetBytes("email,name,city\n"));
            for (var number = 1; number <= count; number++)
            {
                // Every seventh gave no name: the defaults of the edition's slots must read well too.
                var name = number % 7 == 0 ? "" : FirstNames[number % FirstNames.Length];
                writer.Write(Encoding.UTF8.GetBytes($"{Address(number)},{name},\n"));
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
