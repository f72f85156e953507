using System.Diagnostics;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime;
using MyGpt.Runtime.Generation;

namespace MyGpt.CommandLine.Bench;

/// <summary>The figures that need the generator: sampling with text, and tokens past the context window.</summary>
internal sealed class GenerationWorkload(LanguageModel model, Workload workload)
{
    private const int DecodedTokens = 64;

    private readonly byte[] _utf8 = new byte[64 << 10];
    private GenerationRun? _pastWindow;

    /// <summary>Tokens per second of 64 tokens drawn with temperature 0.8 and top-k 50, as UTF-8 text; prompts are not counted.</summary>
    public double SampledRate()
    {
        int[] prompt = workload.Prompt(workload.PromptLength);
        TimeSpan decoding = TimeSpan.Zero;
        int left = DecodedTokens;
        for (ulong seed = 1; left > 0; seed++)
        {
            int steps = Math.Min(left, model.Gpt.Config.ContextLength - prompt.Length);
            var options = new GenerationOptions
            {
                MaxNewTokens = steps + 1, Temperature = 0.8f, TopK = 50, Seed = seed, EndTokens = [], KvType = workload.KvType,
            };
            using GenerationRun run = model.Generate(prompt, options);
            run.MoveNext();   // the prompt, and the first token with it
            long start = Stopwatch.GetTimestamp();
            while (run.MoveNext())
                Utf8.WithoutMark.GetBytes(run.Samples[0].NewText, _utf8);
            decoding += Stopwatch.GetElapsedTime(start);
            left -= steps;
        }
        return DecodedTokens / decoding.TotalSeconds;
    }

    /// <summary>Fills the context; <see cref="PastWindowRate"/> may be called until the result is disposed.</summary>
    /// <param name="interrupted">Ends the run; <see cref="PastWindowRate"/> then says nothing.</param>
    public IDisposable BeginPastWindow(CancellationToken interrupted)
    {
        var options = new GenerationOptions { MaxNewTokens = int.MaxValue, Temperature = 0, EndTokens = [], Overflow = Overflow.Crop, KvType = workload.KvType };
        _pastWindow = model.Generate(workload.Prompt(model.Gpt.Config.ContextLength), options, interrupted);
        _pastWindow.MoveNext();
        return _pastWindow;
    }

    /// <summary>Tokens per second of one token past the window.</summary>
    public double PastWindowRate()
    {
        long start = Stopwatch.GetTimestamp();
        _pastWindow!.MoveNext();
        return 1 / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
