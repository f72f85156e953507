using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Bench;

/// <summary>What a token costs by the model's shape: the bytes that decoding must read and the operations that prefill must do.</summary>
internal static class ModelCost
{
    /// <summary>
    /// Bytes of weight rows that one decoded token reads: every matrix of the blocks and the head. The embedding is a look-up of
    /// one row and the KV cache is not a weight; neither counts.
    /// </summary>
    public static long BytesPerToken(GptWeights weights) => Multiplied(weights).Sum(Bytes);

    /// <summary>The type of the matrices; where they differ, the one of the most bytes.</summary>
    public static ElementType MatrixType(GptWeights weights) =>
        Multiplied(weights).GroupBy(matrix => matrix.Type).MaxBy(group => group.Sum(Bytes))!.Key;

    /// <summary>Floating-point operations per token of a prefill with the logits of the last position only.</summary>
    /// <remarks>
    /// Two per weight and token in the blocks, the head once, and attention's two products over all earlier positions:
    /// (2 M T + 2 V C + 4 NH HS L T (T + 1) / 2) / T with M weights in the blocks' matrices.
    /// </remarks>
    public static double PrefillFlopsPerToken(GptWeights weights, GptConfig config, int tokens)
    {
        double blocks = Blocks(weights).Sum(matrix => (double)matrix.Rows * matrix.Columns);
        double head = 2.0 * config.VocabSize * config.EmbeddingDim;
        double attention = 4.0 * config.AttentionDim * config.LayerCount * tokens * (tokens + 1) / 2;
        return ((2 * blocks * tokens) + head + attention) / tokens;
    }

    /// <summary>Bytes of keys and values that a decoded token reads for each position before it, all layers.</summary>
    public static long KvBytesPerPosition(GptConfig config, KvType kvType) =>
        2L * config.LayerCount * config.KvHeadCount * config.HeadDim * kvType.ElementBytes();

    /// <summary>The matrices that a token is multiplied with.</summary>
    public static IEnumerable<TensorView> Multiplied(GptWeights weights) => Blocks(weights).Append(weights.Head.Matrix);

    /// <summary>Every matrix, those that are only looked up included; a tied head is there twice.</summary>
    public static IEnumerable<TensorView> Matrices(GptWeights weights) =>
        [weights.TokenEmbedding, .. weights.PositionEmbedding is { } positions ? [positions] : Array.Empty<TensorView>(), .. Multiplied(weights)];

    /// <summary>Bytes of a matrix.</summary>
    public static long Bytes(TensorView matrix) => matrix.Type.RowBytes(matrix.Columns) * matrix.Rows;

    private static IEnumerable<TensorView> Blocks(GptWeights weights) =>
        weights.Blocks.SelectMany(IEnumerable<TensorView> (block) =>
        [
            block.Qkv.Matrix, block.Projection.Matrix, .. Gate(block), block.MlpUp.Matrix, block.MlpDown.Matrix,
        ]);

    private static IEnumerable<TensorView> Gate(BlockWeights block) => block.MlpGate is { } gate ? [gate.Matrix] : [];
}
