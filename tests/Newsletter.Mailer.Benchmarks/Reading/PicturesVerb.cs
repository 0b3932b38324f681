using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Newsletter.Mailer.Benchmarks.Arena;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Benchmarks.Reading;

/// <summary><c>pictures</c>: photographs uploaded one after the other, and the memory that this needs; then how quickly they are served.</summary>
internal static class PicturesVerb
{
    private const int Rounds = 5;
    private const int Warming = 50;

    public static Command Create()
    {
        var pictures = new Option<int>("--pictures") { Description = "Photographs uploaded.", DefaultValueFactory = _ => 200 };
        var requests = new Option<int>("--requests") { Description = "Requests of each kind.", DefaultValueFactory = _ => 5_000 };
        var readers = new Option<int>("--readers") { Description = "Readers asking at once.", DefaultValueFactory = _ => 8 };
        var json = BenchmarkOptions.Json();
        var command = new Command("pictures", "Upload photographs, look at the memory, and time how they are served, over loopback.") { pictures, requests, readers, json };
        command.SetAction(async (parsed, stop) =>
        {
            await using var server = await ServerUnderTest.StartAsync();
            var (uploads, paths) = await UploadAsync(server, parsed.GetValue(pictures), stop);
            var served = await ServeAsync(server, paths, parsed.GetValue(requests), parsed.GetValue(readers), stop);
            foreach (object figures in (object[])[.. uploads, .. served])
                await Console.Out.WriteLineAsync(figures.ToString());
            if (parsed.GetValue(json))
                Figures.WriteJson(new { uploads, served });
            return 0;
        });
        return command;
    }

    private static async Task<(List<UploadFigures> Uploads, List<string> Paths)> UploadAsync(ServerUnderTest server, int pictures, CancellationToken stop)
    {
        var (uploads, paths, each) = (new List<UploadFigures>(), new List<string>(), Math.Max(1, pictures / Rounds));
        for (var round = 1; round <= Rounds; round++)
        {
            var (took, bytes) = (TimeSpan.Zero, 0L);
            for (var i = 0; i < each; i++)
            {
                // Another width is another picture.
                var file = TestPictures.Jpeg(2_400 + paths.Count, 1_600);
                var started = Stopwatch.GetTimestamp();
                paths.Add(await UploadAsync(server, file, stop));
                took += Stopwatch.GetElapsedTime(started);
                bytes += file.Length;
            }

            using var process = Process.GetCurrentProcess();
            uploads.Add(new UploadFigures(paths.Count, bytes / each, took.TotalMilliseconds / each, process.WorkingSet64 / 1024 / 1024));
        }

        return (uploads, paths);
    }

    private static async Task<string> UploadAsync(ServerUnderTest server, byte[] file, CancellationToken stop)
    {
        using var content = new ByteArrayContent(file) { Headers = { ContentType = new MediaTypeHeaderValue("image/jpeg") } };
        using var answer = await server.Client.PostAsync("/api/images", content, stop);
        var text = await answer.Content.ReadAsStringAsync(stop);
        if (answer.StatusCode != HttpStatusCode.Created)
            throw new BenchmarkException($"A picture was refused: {text}");
        using var said = JsonDocument.Parse(text);
        return new Uri(said.RootElement.GetProperty("url").GetString()!).AbsolutePath;
    }

    private static async Task<List<ReadingFigures>> ServeAsync(ServerUnderTest server, List<string> paths, int requests, int readers, CancellationToken stop)
    {
        using var client = server.ClientWith(null);
        for (var i = 0; i < Warming; i++)
            await client.GetByteArrayAsync(paths[0], stop);
        return
        [
            await ReadingFigures.TimeAsync("first asked for", client, i => paths[i + 1], null, paths.Count - 1, readers, stop),
            await ReadingFigures.TimeAsync("a picture", client, i => paths[i % paths.Count], null, requests, readers, stop),
            await ReadingFigures.TimeAsync("the same one", client, _ => paths[0], null, requests, readers, stop),
        ];
    }
}

/// <summary>Uploads of one round.</summary>
/// <param name="Pictures">How many there are by now.</param>
/// <param name="Bytes">Of a file, on average.</param>
/// <param name="Milliseconds">An upload, until it was answered.</param>
/// <param name="MemoryMb">Resident memory of the whole process, which is the server and who uploads.</param>
internal sealed record UploadFigures(int Pictures, long Bytes, double Milliseconds, long MemoryMb)
{
    public override string ToString() => Figures.Invariant($"{Pictures,5} pictures: {Milliseconds:0} ms an upload of {Bytes / 1024.0 / 1024:0.0} MB; {MemoryMb} MB resident");
}
