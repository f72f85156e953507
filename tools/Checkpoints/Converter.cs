using System.Text.Json.Nodes;
using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Families;
using MyGpt.Checkpoints.Tensors;
using MyGpt.Checkpoints.Values;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;
using MyGpt.Runtime.Weights;

namespace MyGpt.Checkpoints;

/// <summary>Turns a checkpoint that training code saved into a weights.bin. No code from the checkpoint is run.</summary>
public static class Converter
{
    /// <summary>
    /// Converts a checkpoint, or a weights.bin to one of a narrower type. A checkpoint's family is recognised, names and shapes are checked before anything is written, and the weights file
    /// appears only when it is complete.
    /// </summary>
    /// <param name="checkpointPath">The checkpoint: a file, or a folder with one, such as a Hugging Face model or nanoGPT's out.</param>
    /// <param name="weightsPath">Where to write.</param>
    /// <param name="options">What the caller decides.</param>
    /// <param name="progress">Told after each piece, on the caller's thread, how far the writing is; null for nobody.</param>
    /// <param name="check">
    /// Gets the path of the whole weights file before it has its name, to judge it; what it throws is thrown, and nothing is kept: what was there is
    /// unchanged. Null: nobody looks.
    /// </param>
    /// <returns>What was found, assumed and left out.</returns>
    /// <exception cref="CheckpointException">
    /// The checkpoint or the vocabulary is damaged, hostile or of an unknown kind; nothing was written.
    /// </exception>
    /// <exception cref="OptionException">An option is needed (<see cref="MissingOptionException"/>), or does not fit.</exception>
    /// <exception cref="IOException">A file cannot be opened, read or written.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be read or written.</exception>
    /// <exception cref="OperationCanceledException">SIGINT, SIGTERM or SIGHUP came meanwhile; what was there is unchanged.</exception>
    public static ConversionReport Convert(
        string checkpointPath, string weightsPath, ConvertOptions options, IProgress<ConversionProgress>? progress = null, Action<string>? check = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(checkpointPath);
        ArgumentException.ThrowIfNullOrEmpty(weightsPath);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Type is { } asked && !asked.IsWeight())
            throw new OptionException("--type", $"--type {asked.Code()} is no type for weights; f32, bf16, q8 and q4 are");
        CheckpointPath path = CheckpointPath.Resolve(checkpointPath);
        if (RegularFile.AreSame(path.File, weightsPath))
            throw new OptionException("WEIGHTS.BIN", "the weights file would replace the checkpoint itself; give it another name");

        var report = new Report();
        path.Explain(report);
        using CheckpointFile file = CheckpointFile.Open(path.File);
        return WeightsFile.IsWeightsFile(path.File)
            ? WeightsNarrowing.Convert(file, weightsPath, options, report, progress, check)
            : Named(file, () => Convert(file, weightsPath, options, report, progress, check));
    }

    /// <summary>Checks, where the checkpoint is a weights.bin, that it can be converted as it is asked to be; reads its header only.</summary>
    /// <param name="weightsPath">Any file; nothing is said of what is no weights.bin.</param>
    /// <param name="options">What the caller decides.</param>
    /// <exception cref="OptionException">The type is missing (<see cref="MissingOptionException"/>), or not narrower, or another option is given.</exception>
    /// <exception cref="WeightsFormatException">The file is a damaged weights.bin.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static void CheckNarrowing(string weightsPath, ConvertOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(weightsPath);
        ArgumentNullException.ThrowIfNull(options);
        if (WeightsFile.IsWeightsFile(weightsPath))
            WeightsNarrowing.Check(weightsPath, options);
    }

    /// <summary>Describes a checkpoint without converting it.</summary>
    /// <param name="checkpointPath">The checkpoint: a file, or a folder with one, such as a Hugging Face model or nanoGPT's out.</param>
    /// <param name="options">What the caller would decide about a conversion; null: nothing.</param>
    /// <returns>Its family, config and tensors; what prevents a conversion is a warning.</returns>
    /// <exception cref="CheckpointException">The file is damaged, hostile or no checkpoint.</exception>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static CheckpointDescription Describe(string checkpointPath, ConvertOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(checkpointPath);
        CheckpointPath path = CheckpointPath.Resolve(checkpointPath);
        var report = new Report();
        path.Explain(report);
        using CheckpointFile file = CheckpointFile.Open(path.File);
        return Named(file, () => Describe(file, options ?? new ConvertOptions(), report));
    }

    private static ConversionReport Convert(
        CheckpointFile file, string weightsPath, ConvertOptions options, Report report, IProgress<ConversionProgress>? progress, Action<string>? check)
    {
        ShardName.RequireWhole(file.Name);
        Checkpoint checkpoint = ContainerFormats.Open(file);
        (IFamily family, Recognition recognition) = FamilyList.Recognise(checkpoint)
            ?? throw new CheckpointException(FamilyList.DescribeUnknown(checkpoint));
        FamilyModel model = ReadModel(checkpoint, family, recognition, options, report);
        ProtectInputs([options.VocabPath ?? model.VocabularyPath, .. file.Beside], weightsPath);
        TokenizerData? vocabulary = ChooseVocabulary(checkpoint, model, options, report);
        ProtectInputs(file.Beside, weightsPath);   // the vocabulary may have been in further files
        ElementType type = ChooseType(model, options, report);
        CheckSize(model, checkpoint);
        if (options.AllowNonFinite)
            NonFiniteWeights.Warn(TensorSpec.For(model.Config).Select(spec => (model.Tensors[spec.Name], TypeOf(spec))), report);

        var description = new ModelDescription
        {
            Config = model.Config,
            Tokenizer = vocabulary,
            Generation = model.Generation(vocabulary),
            Source = Provenance(file, checkpoint, family, MatrixTypes(model), report),
        };
        long written = 0, total = TensorSpec.For(model.Config).Sum(spec => spec.Rows * TypeOf(spec).RowBytes(spec.Columns));
        var writer = new TensorWriter(options.AllowNonFinite, bytes => progress?.Report(new ConversionProgress(written += bytes, total)));
        ModelFile.Write(weightsPath, description, type,
            spec => output => writer.Write(model.Tensors[spec.Name], TypeOf(spec), output), options.Overwrite, check);
        return new ConversionReport
        {
            Container = checkpoint.Container,
            Family = family.Name,
            Config = model.Config,
            MatrixType = type,
            ParameterCount = model.Tensors.Values.Sum(source => source.Count),
            WeightsPath = weightsPath,
            Lines = report.Lines,
        };

        ElementType TypeOf(TensorSpec spec) => spec.IsMatrix ? type : ElementType.F32;
    }

    private static CheckpointDescription Describe(CheckpointFile file, ConvertOptions options, Report report)
    {
        Checkpoint checkpoint = ContainerFormats.Open(file);
        FamilyModel? model = null;
        string? missing = null;
        (IFamily Family, Recognition Recognition)? found = FamilyList.Recognise(checkpoint);
        try
        {
            if (found is null)
                report.Warning(FamilyList.DescribeUnknown(checkpoint));
            else
                model = ReadModel(checkpoint, found.Value.Family, found.Value.Recognition, options, report);
            if (model is not null)
                ChooseVocabulary(checkpoint, model, options, report);
        }
        catch (Exception e) when (e is CheckpointException or OptionException)
        {
            report.Warning(e.Message);
            missing = (e as MissingOptionException)?.Option;
        }
        return new CheckpointDescription
        {
            Container = checkpoint.Container,
            FileBytes = checkpoint.FileBytes,
            Family = found?.Family.Name,
            Config = model?.Config,
            MissingOption = missing,
            Tensors = [.. ListTensors(checkpoint)],
            Lines = report.Lines,
        };
    }

    private static IEnumerable<CheckpointTensor> ListTensors(Checkpoint checkpoint) =>
        from item in StateDict.Find(checkpoint.Root)?.Items ?? []
        where item.Key is TextValue && item.Value is TensorValue
        let tensor = (TensorValue)item.Value
        select new CheckpointTensor(((TextValue)item.Key).Value, tensor.Type.Name(), tensor.Shape);

    private static FamilyModel ReadModel(
        Checkpoint checkpoint, IFamily family, Recognition recognition, ConvertOptions options, Report report)
    {
        report.Found($"{family.Name} checkpoint ({checkpoint.Container}): {recognition.Evidence}");
        ConfigVariants.Refuse(checkpoint);
        var given = new GivenOptions(options);
        FamilyModel model = family.Read(checkpoint, given, report);
        given.RequireAllRead(family.Name);
        try
        {
            model.Config.Validate();
        }
        catch (ArgumentException e)
        {
            throw new CheckpointException($"the model is not one that can be run: {e.Message}", e);
        }
        return model;
    }

    private static TokenizerData? ChooseVocabulary(Checkpoint checkpoint, FamilyModel model, ConvertOptions options, Report report)
    {
        TokenizerData? vocabulary;
        int vocabSize = model.Config.VocabSize;
        if (options.VocabPath is { } path)
        {
            vocabulary = ReadVocabulary(path, vocabSize, report);
            if (checkpoint.Root is DictValue root && CheckpointVocabulary.IsIn(root, vocabSize))
                report.LeftOut("the checkpoint's own vocabulary: --vocab replaces it");
            string name = Printable.Quote(Path.GetFileName(path));
            report.Found($"vocabulary: {VocabularyFile.Describe(vocabulary)} from {name}, as --vocab says");
        }
        else
        {
            vocabulary = model.Vocabulary();
        }

        if (vocabulary is null)
        {
            report.Warning("no vocabulary: the model takes and gives ids (--ids) until it is converted with --vocab FILE, "
                + $"its {vocabSize} tokens one a line");
        }
        else if (vocabulary.TokenCount < vocabSize && vocabulary.Kind != TokenizerKind.Gpt2Bpe)
        {
            int count = vocabulary.TokenCount;
            report.Warning($"the vocabulary has {Printable.Count(count, "token")}, the model {vocabSize}: ids from {count} on have no text");
        }
        return vocabulary;
    }

    private static TokenizerData ReadVocabulary(string path, int vocabSize, Report report)
    {
        try
        {
            return VocabularyFile.Read(path, vocabSize, report);
        }
        catch (CheckpointException e)
        {
            throw CheckpointException.OfOtherFile(e);
        }
    }

    private static TensorType[] MatrixTypes(FamilyModel model) => [.. TensorSpec.For(model.Config).Where(spec => spec.IsMatrix)
        .SelectMany(spec => model.Tensors[spec.Name].Parts).Select(part => part.Type).Distinct()];

    private static ElementType ChooseType(FamilyModel model, ConvertOptions options, Report report)
    {
        TensorType[] types = MatrixTypes(model);
        ElementType type = options.Type ?? (types is [TensorType.BFloat16] ? ElementType.Bf16 : ElementType.F32);
        string from = string.Join(", ", types.Select(found => found.Name()));
        report.Found($"matrices are {from} and are written as {type.Code()}");
        if (types.Contains(TensorType.Float64))
            report.Warning("float64 weights are rounded to the nearest float32");
        if (type != ElementType.Bf16 || types is not [TensorType.BFloat16])
            TypeWarnings.OfRounding(type, report);
        TypeWarnings.OfSize(type, model.Config, report);
        return type;
    }

    // Layers may share a storage, so a small file can describe a large model; no real one shares this much. What lies between the elements
    // of a slice counts too, since it is read.
    private static void CheckSize(FamilyModel model, Checkpoint checkpoint)
    {
        const int MostSharing = 64;
        decimal bytes = model.Tensors.Values.SelectMany(source => source.Parts).Sum(part => part.Type.Size() * RowReader.ElementsRead(part));
        if (bytes > (decimal)checkpoint.FileBytes * MostSharing)
        {
            throw new CheckpointException($"the tensors share storages so that of a file of {checkpoint.FileBytes} bytes "
                + $"{bytes} bytes would be read; at most {MostSharing} times the file are");
        }
    }

    private static JsonObject Provenance(
        CheckpointFile file, Checkpoint checkpoint, IFamily family, IEnumerable<TensorType> matrixTypes, Report report)
    {
        return new JsonObject
        {
            ["family"] = family.Name,
            ["container"] = checkpoint.Container,
            ["file"] = Printable.Escape(file.Name),
            ["file_bytes"] = checkpoint.FileBytes,
            ["matrix_types"] = new JsonArray([.. matrixTypes.Select(type => JsonValue.Create(type.Name()))]),
            ["found"] = Texts(ReportKind.Found),
            ["assumed"] = Texts(ReportKind.Assumed),
            ["left_out"] = Texts(ReportKind.LeftOut),
            ["placed"] = Texts(ReportKind.Placed),
            ["warnings"] = Texts(ReportKind.Warning),
        };

        JsonArray Texts(ReportKind kind) => [.. report.Of(kind).Select(text => JsonValue.Create(text))];
    }

    private static void ProtectInputs(IEnumerable<string?> read, string weightsPath)
    {
        if (read.FirstOrDefault(path => path is not null && RegularFile.AreSame(path, weightsPath)) is not { } input)
            return;
        throw new OptionException("WEIGHTS.BIN", $"{Printable.Path(input)} is read by this convert; give the weights file another name");
    }

    // What is wrong is said where it is found; which file it was about is said here.
    private static T Named<T>(CheckpointFile file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (CheckpointException e) when (!e.IsAboutOtherFile)
        {
            throw new CheckpointException($"{Printable.Path(file.GivenPath)}: {e.Message}", e);
        }
    }
}
