namespace Newsletter.Mailer.Images;

/// <summary>What became of a file that was to be a picture.</summary>
public abstract record ImageReading
{
    private ImageReading()
    {
    }

    /// <summary>It is one, and fit for mail now.</summary>
    public sealed record Read(MadePicture Picture) : ImageReading;

    /// <summary>It isn't, or can't be taken.</summary>
    /// <param name="Why">In a word.</param>
    /// <param name="Problem">In a sentence, with what to do.</param>
    public sealed record Refused(ImageRefusal Why, string Problem) : ImageReading;
}

/// <summary>Why a file isn't taken.</summary>
public enum ImageRefusal
{
    /// <summary>It is no JPEG, PNG, GIF or WebP.</summary>
    OtherFormat,

    /// <summary>Too many bytes, pixels or frames.</summary>
    TooLarge,

    /// <summary>It is cut off, or damaged.</summary>
    Damaged,
}
