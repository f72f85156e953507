namespace MyGpt.Checkpoints;

/// <summary>The checkpoint file that a path leads to: the path itself, or the one file in a folder that is meant by it.</summary>
internal sealed class CheckpointPath
{
    private const int MostLooked = 64, MostNamed = 8;

    // In the order in which transformers' from_pretrained looks for them: they hold the same weights.
    private static readonly string[] HuggingFace =
        ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"];

    // What training scripts call the checkpoint in their output folder.
    private static readonly string[] Conventional = ["ckpt.pt"];

    private static readonly string[] Extensions = [".pt", ".pth", ".ckpt", ".safetensors", ".bin", ".gguf"];

    private readonly string? _folder;
    private readonly string[] _others = [];

    private CheckpointPath(string file) => File = file;

    private CheckpointPath(string folder, string chosen, IEnumerable<string> others)
    {
        File = Path.Combine(folder, chosen);
        _folder = NameOf(folder);
        _others = [.. others];
    }

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary>Follows a path.</summary>
    /// <param name="path">A file, which need not exist, or a folder.</param>
    /// <exception cref="CheckpointException">The folder has no checkpoint, or several.</exception>
    /// <exception cref="IOException">The folder or a file in it cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder or a file in it may not be read.</exception>
    public static CheckpointPath Resolve(string path)
    {
        if (!Directory.Exists(path))
            return new CheckpointPath(path);
        string[] published = [.. HuggingFace.Where(Exists)], conventional = [.. Conventional.Where(Exists)];
        return (published, conventional) switch
        {
            ([string first, .. string[] others], []) => new CheckpointPath(path, first, others),
            ([], [string only]) => new CheckpointPath(path, only, Candidates(path).Where(name => name != only).Take(MostNamed)),
            ([], []) => FindOnly(path),
            _ => throw Several(path, [.. published, .. conventional]),
        };

        bool Exists(string name) => System.IO.File.Exists(Path.Combine(path, name));
    }

    /// <summary>Says which file of the folder was chosen, where a folder was given.</summary>
    public void Explain(Report report)
    {
        if (_folder is null)
            return;
        report.Found($"{Printable.Quote(Path.GetFileName(File))} in the folder {Printable.Quote(_folder)}");
        if (_others.Length > 0)
            report.LeftOut($"other files of the folder, not read: {string.Join(", ", _others.Select(Printable.Quote))}");
    }

    private static CheckpointPath FindOnly(string folder)
    {
        string[] names = Candidates(folder);
        string[] checkpoints = names.Length > MostLooked ? names : [.. names.Where(name => CheckpointSniffer.IsCheckpoint(Path.Combine(folder, name)))];
        return checkpoints switch
        {
            [string only] => new CheckpointPath(folder, only, []),
            [] => throw new CheckpointException($"the folder {Printable.Path(folder)} has no checkpoint: "
                + $"neither {string.Join(", ", HuggingFace)} nor {string.Join(", ", Conventional)}, "
                + $"and no other file ({string.Join(", ", Extensions)}) that is one; name the file to convert{OfJson(folder)}"),
            _ => throw Several(folder, checkpoints),
        };
    }

    private static string[] Candidates(string folder) => Named(folder, static name => Extensions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase));

    // microgpt's models are JSON, and so is much else: they are named, not looked for.
    private static string OfJson(string folder)
    {
        string[] names = Named(folder, static name => Path.GetExtension(name).Equals(".json", StringComparison.OrdinalIgnoreCase));
        return names.Length == 0 ? "" : $" (of its JSON files one may be a microgpt model: {string.Join(", ", names.Take(MostNamed).Select(Printable.Quote))})";
    }

    private static string[] Named(string folder, Func<string, bool> fits)
    {
        string[] names = [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)).Where(fits).Take(MostLooked + 1)];
        Array.Sort(names, StringComparer.Ordinal);
        return names;
    }

    private static CheckpointException Several(string folder, string[] names)
    {
        string count = names.Length > MostLooked ? $"more than {MostLooked}" : $"{names.Length}";
        string more = names.Length > MostNamed ? ", ..." : "";
        return new CheckpointException($"the folder {Printable.Path(folder)} has {count} files that may be meant: "
            + $"{string.Join(", ", names.Take(MostNamed).Select(Printable.Quote))}{more}; name one of them instead of the folder");
    }

    private static string NameOf(string folder) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
}
