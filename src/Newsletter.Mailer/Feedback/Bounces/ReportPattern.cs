using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Feedback.Bounces;

/// <summary>How patterns are matched against mail from anywhere: it must not choose how long we think (NonBacktracking).</summary>
internal static class ReportPattern
{
    public const RegexOptions AsWritten = RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking;

    public const RegexOptions AnyCase = AsWritten | RegexOptions.IgnoreCase;
}
