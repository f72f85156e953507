using System.Diagnostics;
using MyGpt.Runtime;

namespace MyGpt.CommandLine.Verbs;

/// <summary>An open model, and how long opening took.</summary>
internal sealed class LoadedModel : IDisposable
{
    private LoadedModel(LanguageModel model, TimeSpan opening)
    {
        Model = model;
        OpenMilliseconds = opening.TotalMilliseconds;
    }

    /// <summary>The model.</summary>
    public LanguageModel Model { get; }

    /// <summary>How long opening took.</summary>
    public double OpenMilliseconds { get; }

    /// <summary>Opens a weights file.</summary>
    /// <param name="path">A weights.bin.</param>
    /// <param name="threads">Threads that compute; null for all cores.</param>
    public static LoadedModel Open(string path, int? threads)
    {
        long start = Stopwatch.GetTimestamp();
        LanguageModel model = ModelOpener.Open(path, file => LanguageModel.Open(file, threads));
        return new LoadedModel(model, Stopwatch.GetElapsedTime(start));
    }

    public void Dispose() => Model.Dispose();
}
