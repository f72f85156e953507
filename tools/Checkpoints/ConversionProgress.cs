namespace MyGpt.Checkpoints;

/// <summary>How far a conversion is.</summary>
/// <param name="WrittenBytes">Bytes of weights written so far, 0 to <paramref name="TotalBytes"/>.</param>
/// <param name="TotalBytes">Bytes of all weights; 1 or more.</param>
public readonly record struct ConversionProgress(long WrittenBytes, long TotalBytes);
