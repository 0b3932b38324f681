using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Wire;

/// <summary>The text of a message's text part, and how its lines are meant.</summary>
/// <param name="Template">The lines.</param>
/// <param name="DeletesSpace">For flowed text, see <c>DelSp</c> in RFC 3676 §4.5; null where every line is fixed.</param>
internal sealed record TextBody(SlotTemplate Template, bool? DeletesSpace)
{
    /// <summary>What the part's Content-Type says behind its charset.</summary>
    public string Parameters => DeletesSpace switch
    {
        true => "; format=flowed; delsp=yes",
        false => "; format=flowed; delsp=no",
        null => "",
    };

    /// <summary>Lines that are shown as they are.</summary>
    public static TextBody Fixed(string text) => new(SlotTemplate.Constant(text), null);
}
