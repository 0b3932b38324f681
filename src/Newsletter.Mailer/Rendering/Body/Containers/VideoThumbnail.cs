using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Rendering.Body.Containers;

/// <summary>The picture that a video's site keeps of it, where its address tells.</summary>
internal static partial class VideoThumbnail
{
    public static string? Of(string url) =>
        YouTube().Match(url) is { Success: true } found ? $"https://img.youtube.com/vi/{found.Groups["id"].Value}/hqdefault.jpg" : null;

    [GeneratedRegex(@"^https://(www\.|m\.)?(youtube\.com/(watch\?([^#]*&)?v=|embed/|shorts/|live/)|youtu\.be/|youtube-nocookie\.com/embed/)(?<id>[A-Za-z0-9_-]{11})(?![A-Za-z0-9_-])", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex YouTube();
}
