using System.Net;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Audience;

/// <summary>
/// Takes sign-ups in. It never looks at who is known: each one that passes becomes the same two rows, and the worker that makes its mail
/// decides. So neither answer nor time tells whether an address is a reader's (STANDARDS, enumeration through sign-up).
/// </summary>
public sealed class SignUpDesk(SignUpStore store, SignUpGate gate, SignUpOptions options, KeyRing keys, TimeProvider clock)
{
    /// <summary>Signs a form that is about to be shown.</summary>
    /// <param name="newsletterId">Of which newsletter.</param>
    /// <param name="form"><c>page</c>, <c>embed</c> or <c>api</c>.</param>
    /// <param name="language">In which language.</param>
    public string Sign(long newsletterId, string form, string language) =>
        new FormToken(newsletterId, clock.GetUtcNow(), form, language).Sign(keys, keys.ActiveKey);

    /// <summary>The form as it was shown; null where we signed none for this newsletter, or too long ago.</summary>
    public FormToken? Read(long newsletterId, string? token) =>
        FormToken.Verify(keys, token) is { } form && form.NewsletterId == newsletterId && clock.GetUtcNow() - form.ShownAt < TimeSpan.FromHours(options.FormHours)
            ? form
            : null;

    /// <summary>
    /// Why nothing from there is taken now, whatever it says; null where it may be. To be asked first of all: what is refused in a flood then costs
    /// neither a query nor a signature, and the other pages stay quick.
    /// </summary>
    /// <param name="from">Where it came from.</param>
    public SignUpOutcome? Refusal(IPAddress? from) => Refusal(gate.Glance(NetworkRange.Of(from)));

    /// <summary>A form that was sent.</summary>
    /// <param name="form">As <see cref="Read"/> found it.</param>
    /// <param name="email">As it was typed.</param>
    /// <param name="trap">The field that people don't see.</param>
    /// <param name="wording">What the form said.</param>
    /// <param name="from">Where it came from.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<SignUpOutcome> TakeAsync(FormToken? form, string? email, string? trap, string wording, IPAddress? from, CancellationToken stop)
    {
        if (!string.IsNullOrEmpty(trap))
            return new SignUpOutcome.Trapped();
        if (form is null)
            return new SignUpOutcome.NoForm();
        if (!EmailAddress.TryParse(email, out var address, out var problem))
            return new SignUpOutcome.BadAddress(problem);
        if (clock.GetUtcNow() - form.ShownAt < TimeSpan.FromSeconds(options.MinFillSeconds))
            return new SignUpOutcome.TooSoon();
        var signUp = new SignUp
        {
            NewsletterId = form.NewsletterId,
            Address = address,
            Language = form.Language,
            Form = form.Form,
            Wording = wording,
            From = from,
        };
        return await PutAsync(signUp, stop);
    }

    /// <summary>Asks for another link in the place of one that expired.</summary>
    /// <returns>As of a new sign-up; <see cref="SignUpOutcome.NoForm"/> where there is none to ask again for.</returns>
    public async Task<SignUpOutcome> AskAgainAsync(long signUpId, IPAddress? from, CancellationToken stop) =>
        await store.FindAsync(signUpId, stop) is { State: "mailed", Address: { } text } former && EmailAddress.TryParse(text, out var address)
            ? await PutAsync(
                new SignUp { NewsletterId = former.NewsletterId, Address = address, Language = former.Language, Form = "again", Wording = former.Wording, From = from }, stop)
            : new SignUpOutcome.NoForm();

    private async Task<SignUpOutcome> PutAsync(SignUp signUp, CancellationToken stop)
    {
        var network = NetworkRange.Of(signUp.From);
        return Refusal(gate.Enter(network)) ?? await store.PutAsync(signUp, network, stop) switch
        {
            { OutboxId: { } id } => new SignUpOutcome.Taken(id),
            { NetworkHasRoom: false } => TooMany(),
            _ => Broken(),
        };
    }

    private SignUpOutcome? Refusal(GateAnswer answer) => answer switch
    {
        GateAnswer.NetworkFull => TooMany(),
        GateAnswer.Surge => Surge(),
        _ => null,
    };

    private SignUpOutcome.TooMany TooMany() => new(TimeSpan.FromHours(1) / options.NetworkPerHour);

    private SignUpOutcome.Surge Broken()
    {
        gate.Break();
        return Surge();
    }

    private SignUpOutcome.Surge Surge() => new(TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling((gate.ClosedUntil - clock.GetUtcNow()).TotalSeconds))));
}
