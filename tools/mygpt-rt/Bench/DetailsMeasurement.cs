using System.Diagnostics;
using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Bench;

/// <summary>Measures <see cref="Details"/>, all figures in turns.</summary>
internal sealed class DetailsMeasurement(Gpt gpt, Activations activations, Workload workload)
{
    // Steps in one measurement, and where the context is at least this long, its end (or as far as it is filled) is another place than its beginning.
    private const int Steps = 16, BatchSteps = 8, ShortestContext = 128;
    private const int Repetitions = 5;
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(1);

    /// <summary>Measures; the context must have room for a token after the prompt.</summary>
    /// <param name="interrupted">Ends the command.</param>
    public Details Measure(CancellationToken interrupted)
    {
        bool hasEnd = workload.Reach >= ShortestContext;
        using Sequences one = Some(1), many = Some(Details.BatchSize), late = Some(1);
        one.Fill(workload.PromptLength, interrupted);
        many.Fill(workload.PromptLength, interrupted);
        // Half of the steps before the position, half behind it, and as far from the end as those after the prompt are from the beginning.
        int lateStart = workload.Reach - workload.PromptLength - Steps, latePosition = lateStart + (Steps / 2);
        if (hasEnd)
            late.Fill(lateStart, interrupted);
        SamplingCost greedy = new(temperature: 0, topK: 0), topK = new(temperature: 0.8f, topK: 50);
        List<double> batch = [], batchRatio = [], end = [], endRatio = [], greedyTime = [], greedyShare = [], topKTime = [], topKShare = [];

        void Turn(bool counts)
        {
            interrupted.ThrowIfCancellationRequested();
            double alone = Repeat.Sustained(() => one.DecodeRate(Steps));
            Note(batch, batchRatio, Repeat.Sustained(() => many.DecodeRate(BatchSteps)), 1 / alone);
            if (hasEnd)
                Note(end, endRatio, Repeat.Sustained(() => late.DecodeRate(Steps)), 1 / alone);
            ReadOnlySpan<float> logits = one.Step(isFirst: true);
            Note(greedyTime, greedyShare, greedy.Seconds(logits), alone);
            Note(topKTime, topKShare, topK.Seconds(logits), alone);

            void Note(List<double> values, List<double> ratios, double value, double factor)
            {
                if (!counts)
                    return;
                values.Add(value);
                ratios.Add(value * factor);
            }
        }

        Turn(counts: false);
        long start = Stopwatch.GetTimestamp();
        while (batch.Count < Repetitions || Stopwatch.GetElapsedTime(start) < Enough)
            Turn(counts: true);
        return new Details
        {
            Batch = Spread.Of(batch),
            BatchRatio = Spread.Of(batchRatio),
            LatePosition = hasEnd ? latePosition : null,
            Late = hasEnd ? Spread.Of(end) : null,
            LateRatio = hasEnd ? Spread.Of(endRatio) : null,
            LateRatioOfBytes = hasEnd ? Bytes(workload.PromptLength + (Steps / 2)) / Bytes(latePosition) : null,
            GreedyMicroseconds = Spread.Of(greedyTime) * 1e6,
            GreedyShare = Spread.Of(greedyShare),
            TopKMicroseconds = Spread.Of(topKTime) * 1e6,
            TopKShare = Spread.Of(topKShare),
            AllocatedPerToken = Allocated(one),
        };
    }

    private Sequences Some(int count) => new(gpt, activations, workload.KvType, count);

    // Bytes that a token at a position reads.
    private double Bytes(int position) => ModelCost.BytesPerToken(gpt.Weights) + ((double)position * ModelCost.KvBytesPerPosition(gpt.Config, workload.KvType));

    // Of all threads; the least of a few runs, as the runtime's own threads allocate too now and then.
    private static double Allocated(Sequences one)
    {
        long least = long.MaxValue;
        for (int i = 0; i < 3; i++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            one.DecodeRate(Steps);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        return (double)least / Steps;
    }
}
