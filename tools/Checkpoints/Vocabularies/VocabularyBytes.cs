using MyGpt.Checkpoints.Containers;

namespace MyGpt.Checkpoints.Vocabularies;

/// <summary>The bytes of a file that holds a vocabulary, as long as it is of a size that one has.</summary>
internal static class VocabularyBytes
{
    // The tokenizer.json of the largest vocabularies has some 20 MB.
    private const long MaxLength = 32 << 20;

    /// <summary>Reads a file whole.</summary>
    /// <param name="file">The file.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="CheckpointException">It is too large.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static byte[] Read(CheckpointFile file, string source)
    {
        if (file.Length > MaxLength)
            throw new CheckpointException($"{source} has {file.Length} bytes; at most {MaxLength} are read");
        byte[] bytes = new byte[file.Length];
        file.Read(0, bytes);
        return bytes;
    }
}
