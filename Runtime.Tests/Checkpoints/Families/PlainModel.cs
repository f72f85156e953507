using static MyGpt.Runtime.Tests.Checkpoints.Families.FamilyRun;
using static MyGpt.Runtime.Tests.Reference.TutorialParts;

namespace MyGpt.Runtime.Tests.Checkpoints.Families;

/// <summary>How a hand-written model ties its head.</summary>
internal enum Tie
{
    None,
    Shared,
    Absent,
    Copied,
}

/// <summary>
/// A GPT as somebody writes it after the tutorials: which variants it has and what it calls its parts. It writes its state dict and runs
/// its forward pass by the same names.
/// </summary>
internal sealed record PlainModel
{
    public string Tokens { get; init; } = "tok_emb.weight";

    /// <summary>Null: rotary.</summary>
    public string? Positions { get; init; } = "pos_emb.weight";

    public string Blocks { get; init; } = "blocks";

    public (string Attention, string Mlp, string? Final) Norms { get; init; } = ("ln1", "ln2", "ln_f");

    public (string Gain, string Shift) NormParts { get; init; } = ("weight", "bias");

    public bool NormBias { get; init; } = true;

    /// <summary>RMSNorm, else LayerNorm.</summary>
    public bool Rms { get; init; }

    public string Attention { get; init; } = "attn";

    /// <summary>One name for a fused matrix, three for query, key and value, or three and a list of heads.</summary>
    public string[] Qkv { get; init; } = ["c_attn"];

    public string? HeadList { get; init; }

    /// <summary>What follows the name of the query/key/value modules.</summary>
    public (string Weight, string Bias) QkvParts { get; init; } = (".weight", ".bias");

    public string Projection { get; init; } = "c_proj";

    /// <summary>Up and down, or gate, up and down.</summary>
    public string[] Mlp { get; init; } = ["mlp.c_fc", "mlp.c_proj"];

    public string Head { get; init; } = "head.weight";

    public Tie Tie { get; init; }

    public bool QkvBias { get; init; } = true;

    public bool ProjectionBias { get; init; } = true;

    public bool UpBias { get; init; } = true;

    public bool DownBias { get; init; } = true;

    public bool HeadBias { get; init; }

    public int HeadCount { get; init; } = 3;

    public int KvHeads { get; init; } = 3;

    public int HeadSize { get; init; } = 4;

    public Func<double, double> Activation { get; init; } = GeluErf;

    /// <summary>Turns a head by its position; null with learned positions.</summary>
    public Func<double[], int, double[]>? Rotate { get; init; }

    /// <summary>Further tensors: masks, tables.</summary>
    public Action<TestState>? Buffers { get; init; }

    private bool Gated => Mlp.Length == 3;

    /// <summary>Its state dict.</summary>
    public TestState State()
    {
        (int queries, int keys) = (HeadCount * HeadSize, KvHeads * HeadSize);
        var state = new TestState(seed: 5);
        state.Matrix(Tokens, VocabSize, Width);
        if (Positions is not null)
            state.Matrix(Positions, ContextLength, Width);
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = $"{Blocks}.{layer}.", attention = $"{block}{Attention}.";
            Norm(state, block + Norms.Attention);
            for (int head = 0; HeadList is not null && head < HeadCount; head++)
            {
                foreach (string part in Qkv)
                    Layer(state, $"{attention}{HeadList}.{head}.{part}", HeadSize, Width, QkvBias);
            }
            int[] outputs = Qkv.Length == 1 ? [queries + (2 * keys)] : [queries, keys, keys];
            for (int i = 0; HeadList is null && i < Qkv.Length; i++)
            {
                state.Matrix(attention + Qkv[i] + QkvParts.Weight, outputs[i], Width);
                if (QkvBias)
                    state.Bias(attention + Qkv[i] + QkvParts.Bias, outputs[i]);
            }
            Layer(state, attention + Projection, Width, queries, ProjectionBias);
            Norm(state, block + Norms.Mlp);
            foreach (string up in Mlp[..^1])
                Layer(state, block + up, Hidden, Width, UpBias);
            Layer(state, block + Mlp[^1], Width, Hidden, DownBias);
        }
        if (Norms.Final is { } final)
            Norm(state, final);
        if (Tie == Tie.Shared)
            state.Alias(Head, Tokens);
        else if (Tie == Tie.Copied)
            state.Set(Head, TestTensor.Of([.. state[Tokens].Select(number => (float)number)], VocabSize, Width));
        else if (Tie == Tie.None)
            state.Matrix(Head, VocabSize, Width);
        if (HeadBias)
            state.Bias(Head.Replace("weight", "bias", StringComparison.Ordinal), VocabSize);
        Buffers?.Invoke(state);
        return state;
    }

    /// <summary>Its logits for <see cref="Ids"/>.</summary>
    public double[][] Forward(TestState state)
    {
        double[][] x = Embed(state[Tokens], Width, Ids);
        if (Positions is not null)
            x = Add(x, Embed(state[Positions], Width, Enumerable.Range(0, Ids.Length)));
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = $"{Blocks}.{layer}.", attention = $"{block}{Attention}.";
            (double[][] q, double[][] k, double[][] v) = Project(state, Norm(state, x, block + Norms.Attention), attention);
            x = Add(x, Apply(state, Heads(q, k, v, HeadCount, KvHeads, Rotate), attention + Projection));
            double[][] y = Norm(state, x, block + Norms.Mlp), hidden = Each(Apply(state, y, block + Mlp[0]), Activation);
            if (Gated)
                hidden = Multiply(hidden, Apply(state, y, block + Mlp[1]));
            x = Add(x, Apply(state, hidden, block + Mlp[^1]));
        }
        if (Norms.Final is { } final)
            x = Norm(state, x, final);
        double[] table = Tie == Tie.None ? state[Head] : state[Tokens];
        return Linear(x, table, state.Find(Head.Replace("weight", "bias", StringComparison.Ordinal)));
    }

    private (double[][] Q, double[][] K, double[][] V) Project(TestState state, double[][] x, string attention)
    {
        (int queries, int keys) = (HeadCount * HeadSize, KvHeads * HeadSize);
        if (HeadList is not null)
        {
            double[][][] parts = [.. Qkv.Select(part => Concat([.. Enumerable.Range(0, HeadCount).Select(head =>
                Apply(state, x, $"{attention}{HeadList}.{head}.{part}"))]))];
            return (parts[0], parts[1], parts[2]);
        }
        double[][][] projected = [.. Qkv.Select(part =>
            Linear(x, state[attention + part + QkvParts.Weight], state.Find(attention + part + QkvParts.Bias)))];
        return projected.Length == 3 ? (projected[0], projected[1], projected[2])
            : (Slice(projected[0], 0, queries), Slice(projected[0], queries, keys), Slice(projected[0], queries + keys, keys));
    }

    private void Norm(TestState state, string name)
    {
        state.Gain($"{name}.{NormParts.Gain}", Width);
        if (NormBias)
            state.Bias($"{name}.{NormParts.Shift}", Width);
    }

    private double[][] Norm(TestState state, double[][] x, string name) => Rms
        ? RmsNorm(x, state[$"{name}.{NormParts.Gain}"])
        : LayerNorm(x, state[$"{name}.{NormParts.Gain}"], state.Find($"{name}.{NormParts.Shift}"));

    private static void Layer(TestState state, string name, int outputs, int inputs, bool bias)
    {
        state.Matrix(name + ".weight", outputs, inputs);
        if (bias)
            state.Bias(name + ".bias", outputs);
    }

    private static double[][] Apply(TestState state, double[][] x, string name) => Linear(x, state[name + ".weight"], state.Find(name + ".bias"));
}
