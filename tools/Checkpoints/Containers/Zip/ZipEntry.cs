namespace MyGpt.Checkpoints.Containers.Zip;

/// <summary>A stored (not compressed) file of a zip archive whose place in the archive has been checked.</summary>
/// <param name="Name">Its name, folders included.</param>
/// <param name="Offset">Its first byte in the archive.</param>
/// <param name="Length">Its size in bytes.</param>
internal sealed record ZipEntry(string Name, long Offset, long Length);
