using System.Collections;
using System.Diagnostics;
using Scriban;
using Scriban.Parsing;
using Scriban.Runtime;
using Scriban.Syntax;

namespace Newsletter.Mailer.Rendering.Themes;

/// <summary>
/// Runs a layout within limits: steps of all its loops together, what it writes (in captures too), and time. It has no functions but those
/// that make nothing longer, and neither files nor a clock.
/// </summary>
internal sealed class LayoutContext : LiquidTemplateContext
{
    private const int MostSteps = 1_000;
    private const int MostWritten = 1_500_000;

    // The counts stop whatever is too much within milliseconds; the clock is for what nobody thought of, and long enough for a machine that is busy.
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(2);

    private readonly long _began = Stopwatch.GetTimestamp();
    private int _steps;
    private int _written;

    public LayoutContext(ScriptObject model)
    {
        StrictVariables = true;
        EnableRelaxedMemberAccess = false;
        LoopLimit = MostSteps;
        RecursiveLimit = 20;
        ObjectRecursionLimit = 20;
        LimitToString = MostWritten;
        OutputLimit = MostWritten;
        // Liquid's own functions lie below; the model in front takes their place.
        BuiltinObject.Clear();
        PushGlobal(Functions());
        PushGlobal(model);
    }

    /// <summary>Functions that a layout may use.</summary>
    public static IReadOnlyList<string> FunctionNames { get; } = ["default", "downcase", "upcase"];

    public override TemplateContext Write(SourceSpan span, object? textAsObject)
    {
        // What a capture holds is no string, but has one's length.
        if (textAsObject is ICollection or IEnumerable and not string and not IEnumerable<char>)
            throw new LayoutRefusedException("The layout writes a list where a text belongs. Go through it with {% for %}.");
        _written += ObjectToString(textAsObject)?.Length ?? 0;
        if (_written > MostWritten)
            throw new LayoutRefusedException($"The layout writes more than {MostWritten / 1000} KB, where Gmail clips at 102. Take out what repeats it.");
        CheckTime();
        return base.Write(span, textAsObject);
    }

    protected override bool OnStepLoop(ScriptLoopStatementBase loop)
    {
        if (++_steps > MostSteps)
            throw new LayoutRefusedException($"The layout's loops take more than {MostSteps} steps. Nothing in a mail is that long.");
        CheckTime();
        return base.OnStepLoop(loop);
    }

    private void CheckTime()
    {
        if (Stopwatch.GetElapsedTime(_began) > MostTime)
            throw new LayoutRefusedException($"The layout takes longer than {MostTime.TotalSeconds} s to fill. Make it simpler.");
    }

    private static ScriptObject Functions()
    {
        var functions = new ScriptObject();
        functions.Import("default", new Func<object?, object?, object?>(static (value, other) => value is null or "" or false ? other : value));
        functions.Import("upcase", new Func<string?, string?>(static text => text?.ToUpperInvariant()));
        functions.Import("downcase", new Func<string?, string?>(static text => text?.ToLowerInvariant()));
        return functions;
    }
}

/// <summary>A layout can't be used as it is; the message says why, and what to do.</summary>
internal sealed class LayoutRefusedException(string message) : Exception(message);
