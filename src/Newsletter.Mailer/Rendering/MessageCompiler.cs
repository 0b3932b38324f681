namespace Newsletter.Mailer.Rendering;

/// <summary>Turns what was rendered into finished MIME bytes with slots, once for all readers.</summary>
public static class MessageCompiler
{
    /// <summary>The message of an issue, list headers included.</summary>
    public static CompiledMessage Compile(RenderedEdition edition, IssueHeaders headers) => throw new NotSupportedException();

    /// <summary>A test send: the edition itself, its subject marked <c>[Test]</c>, with <c>Auto-Submitted</c>.</summary>
    public static CompiledMessage CompileTest(RenderedEdition edition, DateTimeOffset date) => throw new NotSupportedException();

    /// <summary>Mail to one person, with <c>Auto-Submitted: auto-generated</c> and without list headers.</summary>
    public static CompiledMessage CompilePersonal(PersonalMail mail) => throw new NotSupportedException();
}
