using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime.Generation;

namespace MyGpt.CommandLine.Verbs;

/// <summary>Says why fewer tokens are guessed than were asked for, or none: guesses of many samples take much memory, and a small model gains nothing.</summary>
internal static class SpeculationNote
{
    /// <summary>Prints it, one line, if the run guesses fewer tokens at a time than its options allow.</summary>
    public static void Show(GenerationRun run, GenerationOptions options, int vocabSize, CommandConsole console)
    {
        int most = run.MostProposals;
        if (most == options.Speculate)
            return;
        if (!run.GuessesPay)
        {
            console.Messages.Note($"note: nothing is guessed: --speculate {options.Speculate} gains nothing with a model this small");
            return;
        }
        string guesses = most == 0 ? "nothing is guessed" : $"no more than {most} tokens of a sample are guessed at a time";
        string samples = options.SampleCount == 1 ? "1 sample" : $"{Figures.Count(options.SampleCount)} samples";
        console.Messages.Note($"note: {guesses}: --speculate {options.Speculate} for {samples} of a vocabulary of {Figures.Count(vocabSize)} takes more than the "
            + $"{RunSetup.MostProposalLogits * sizeof(float) >> 20} MiB that logits of guesses may");
    }
}
