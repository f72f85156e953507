using MyGpt.Checkpoints;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Score;

/// <summary>A weights.bin with a checkpoint's own values: what a conversion to a narrower type is compared with.</summary>
internal sealed class ExactWeights : IDisposable
{
    private readonly PartialFile? _temporary;

    private ExactWeights(string path, PartialFile? temporary) => (Path, _temporary) = (path, temporary);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Finds it, or makes it for as long as this object lives: beside the result, where there must be room for a file of its kind.</summary>
    /// <param name="checkpoint">The checkpoint, which is converted to the type that holds its values; or a weights.bin, which is taken as it is.</param>
    /// <param name="weights">Where the result will be.</param>
    /// <param name="options">How it will be converted; the type does not matter.</param>
    /// <param name="progress">Told how far the writing is.</param>
    public static ExactWeights Of(string checkpoint, string weights, ConvertOptions options, IProgress<ConversionProgress> progress)
    {
        if (File.Exists(checkpoint) && WeightsFile.IsWeightsFile(checkpoint))
            return new ExactWeights(checkpoint, null);
        var temporary = new PartialFile(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(weights))!);
        try
        {
            Converter.Convert(checkpoint, temporary.Path, options with { Type = null, Overwrite = false }, progress);
            return new ExactWeights(temporary.Path, temporary);
        }
        catch (IOException failure) when (failure.Message.Contains(temporary.Path, StringComparison.Ordinal))
        {
            temporary.Dispose();
            string what = $"a file beside '{weights}' with the checkpoint's own values, which the result is compared with,";
            throw new IOException(failure.Message.Replace($"'{temporary.Path}'", what, StringComparison.Ordinal), failure);
        }
        catch
        {
            temporary.Dispose();
            throw;
        }
    }

    public void Dispose() => _temporary?.Dispose();
}
