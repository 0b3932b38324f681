namespace Newsletter.Mailer.Host.Pages;

/// <summary>The bytes of pictures that were asked for lately: an issue to a hundred thousand readers asks for the same few again and again.</summary>
internal sealed class KeptPictures : KeptBytes
{
    /// <summary>Lets go of one that was deleted; other processes have it until nobody asked for an hour.</summary>
    public void Forget(string fileName) => Remove(fileName);
}
