using System.Text.Json.Nodes;

namespace MyGpt.Runtime.Weights;

/// <summary>Writes weights.bin. The same input gives the same bytes.</summary>
public static class WeightsWriter
{
    /// <summary>Writes a file in one pass; it appears under its name only when it is complete and on the disk.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="header">The objects <c>config</c>, <c>tokenizer</c> (or null), <c>generation</c> and <c>source</c>.</param>
    /// <param name="sections">The sections in file order, at least one.</param>
    /// <param name="overwrite">Whether a file that is already there may be replaced.</param>
    /// <param name="check">Gets the path of the whole file before it has its name; what it throws is thrown, and nothing is kept. Null: nobody looks.</param>
    /// <exception cref="ArgumentException">The reader would refuse it: a name twice, a shape too large, a header too long.</exception>
    /// <exception cref="InvalidOperationException">A section's writer wrote too much or too little.</exception>
    /// <exception cref="IOException">It exists and may not be replaced, or cannot be written; what was there is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    /// <exception cref="OperationCanceledException">SIGINT, SIGTERM or SIGHUP came meanwhile; what was there is unchanged.</exception>
    public static void Write(string path, JsonObject header, IReadOnlyList<SectionSource> sections, bool overwrite, Action<string>? check = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(header);
        ArgumentNullException.ThrowIfNull(sections);
        SectionInfo[] table = Place(header, sections);
        long fileLength = table[^1].Offset + table[^1].Length;

        AtomicFile.Write(path, fileLength, overwrite, file =>
        {
            // Checksums are known only when the sections are written: the header is written twice, with the same length.
            file.Write(WeightsHeader.Compose(header, table).Span);
            for (int i = 0; i < table.Length; i++)
                table[i] = table[i] with { Checksum = WriteSection(file, table[i], sections[i].Write) };
            file.Position = 0;
            file.Write(WeightsHeader.Compose(header, table).Span);
        }, check);
    }

    /// <summary>Finds each section's place, and holds the result against the reader's own rules.</summary>
    private static SectionInfo[] Place(JsonObject header, IReadOnlyList<SectionSource> sections)
    {
        if (sections.Count == 0)
            throw new ArgumentException("A file needs at least one section.", nameof(sections));
        try
        {
            SectionInfo[] table = [.. sections.Select(Unplaced)];
            ReadOnlyMemory<byte> bytes;
            long start = 0;
            do
            {
                // Offsets are numbers in the header and so change its length; it only grows, so this ends after two or three rounds.
                long end = start;
                for (int i = 0; i < table.Length; i++)
                {
                    table[i] = table[i] with { Offset = SectionTable.Align(end) };
                    end = checked(table[i].Offset + table[i].Length);
                }
                bytes = WeightsHeader.Compose(header, table);
                start = bytes.Length;
            }
            while (start != table[0].Offset);

            long fileLength = table[^1].Offset + table[^1].Length;
            int jsonLength = WeightsHeader.JsonLength("header", bytes.Span, fileLength);
            WeightsHeader.Parse("header", bytes.Span.Slice(WeightsHeader.PrefixLength, jsonLength), fileLength);
            return table;
        }
        catch (WeightsFormatException e)
        {
            throw new ArgumentException($"Such a file could not be read: {e.Message}", e);
        }
        catch (OverflowException e)
        {
            throw new ArgumentException("The sections are more bytes than a file can have.", nameof(sections), e);
        }
    }

    private static SectionInfo Unplaced(SectionSource source)
    {
        if (source.Shape.Count is not (1 or 2) || source.Shape.Any(size => size is < 0 or > int.MaxValue))
            throw new ArgumentException($"section '{source.Name}': shape {FormatError.Shape(source.Shape)} is not one or two sizes.");
        long length = SectionTable.ByteLength(source.Type, source.Shape);
        return new SectionInfo(source.Name, source.Type, SectionLayout.Rows, source.Shape, Offset: 0, length, Checksum: 0);
    }

    private static uint WriteSection(FileStream file, SectionInfo section, Action<Stream> write)
    {
        file.Write(new byte[section.Offset - file.Position]);
        using SectionStream stream = new(file, section.Name, section.Length);
        write(stream);
        stream.Complete();
        return stream.Checksum;
    }
}
