namespace Newsletter.Mailer.Editions;

/// <summary>A place in an edition's file. Lines and columns count from 1; a column is a UTF-16 code unit.</summary>
public readonly record struct SourcePosition(int Line, int Column);
