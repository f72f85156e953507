using MyGpt.Runtime;
using MyGpt.Runtime.Generation;

namespace MyGpt.CommandLine.Verify;

/// <summary>Continues prompts with the most likely token each time, through the generator that users run.</summary>
internal sealed class GreedyContinuation(LanguageModel model)
{
    /// <summary>The tokens that follow a prompt, cropped as the tutorials do where it outgrows the context.</summary>
    /// <param name="prompt">Token ids.</param>
    /// <param name="count">How many tokens.</param>
    public int[] Continue(int[] prompt, int count)
    {
        var options = new GenerationOptions { Temperature = 0, MaxNewTokens = count, EndTokens = [], Overflow = Overflow.Crop };
        using GenerationRun run = model.Generate(prompt, options);
        while (run.MoveNext())
        {
        }
        return run.Samples[0].Ids.ToArray();
    }
}
