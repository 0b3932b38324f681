using System.ComponentModel.DataAnnotations;

namespace Newsletter.Mailer.Images;

/// <summary>Where pictures are kept.</summary>
public enum ImageStorage
{
    /// <summary>In PostgreSQL: every process has them, and so has every backup.</summary>
    Database,

    /// <summary>As files of a folder, which every web process must see.</summary>
    Folder,
}

/// <summary>Section <c>Images</c>: what may be uploaded, and where it is kept.</summary>
public sealed class ImageOptions
{
    /// <summary>Where new pictures are kept: <c>database</c> or <c>folder</c>. Those kept before are found in either. Default database.</summary>
    public ImageStorage Store { get; set; } = ImageStorage.Database;

    /// <summary>The folder of <see cref="Store"/> <c>folder</c>. Default (empty): <c>images</c> in the data folder.</summary>
    public string? Folder { get; set; }

    /// <summary>Largest file that is taken, in bytes. Default 10 MiB.</summary>
    [Range(1_024, 104_857_600)]
    public int MaxBytes { get; set; } = 10 * 1024 * 1024;

    /// <summary>Most pixels of a picture, all frames of an animation together. Default 50 million.</summary>
    [Range(10_000, 500_000_000)]
    public int MaxPixels { get; set; } = 50_000_000;

    /// <summary>Most frames of an animation. Default 200.</summary>
    [Range(1, 10_000)]
    public int MaxFrames { get; set; } = 200;

    /// <summary>Pictures worked on at the same time; each takes up to 4 bytes of memory a pixel. Default 2.</summary>
    [Range(1, 64)]
    public int Concurrency { get; set; } = 2;
}
