using MyGpt.Checkpoints;
using MyGpt.Runtime.Model;
using static MyGpt.Runtime.Tests.Checkpoints.Families.FamilyRun;
using static MyGpt.Runtime.Tests.Reference.TutorialParts;

namespace MyGpt.Runtime.Tests.Checkpoints.Families;

/// <summary>What people write after the tutorials, one variant a row: the logits are those of its own forward pass.</summary>
public class PlainGptTests
{
    private const string Family = "plain GPT";

    private static readonly ConvertOptions Told = new() { Heads = 3, Activation = ActivationKind.GeluErf };

    private static readonly ConvertOptions ToldGated = new() { Heads = 3 };

    private static readonly PlainModel Fused = new();

    private static readonly PlainModel Bare = Fused with { QkvBias = false, ProjectionBias = false, UpBias = false, DownBias = false };

    private static readonly PlainModel Swiglu = Bare with { Mlp = ["ffn.gate_proj", "ffn.up_proj", "ffn.down_proj"], Activation = Silu };

    private static readonly PlainModel Llama = Swiglu with
    {
        Tokens = "tok_embeddings.weight",
        Positions = null,
        Blocks = "layers",
        Norms = ("attention_norm", "ffn_norm", "norm"),
        NormBias = false,
        Rms = true,
        Attention = "attention",
        Qkv = ["wq", "wk", "wv"],
        Projection = "wo",
        Head = "output.weight",
        KvHeads = 1,
        Rotate = Pairs(10_000),
    };

    // Its tables have each angle twice, half a row apart.
    private static readonly PlainModel RaschkaLlama = Swiglu with
    {
        Positions = null,
        Blocks = "trf_blocks",
        Norms = ("norm1", "norm2", "final_norm"),
        NormBias = false,
        Rms = true,
        Attention = "att",
        Qkv = ["W_query", "W_key", "W_value"],
        Projection = "out_proj",
        Mlp = ["ff.fc1", "ff.fc2", "ff.fc3"],
        Head = "out_head.weight",
        Rotate = Halves(10_000),
        Buffers = Tables(RotaryTables.Doubled, 10_000, "trf_blocks.{0}.att."),
    };

    private static readonly ConvertOptions ToldLlama =
        ToldGated with { Norm = NormKind.RmsNorm, Rotary = PositionKind.RotaryPairs, ContextLength = ContextLength };

    private static readonly Dictionary<string, (PlainModel Model, ConvertOptions Told)> Rows = new()
    {
        ["fused, biases"] = (Fused, Told),
        ["no biases"] = (Bare, Told),
        ["bias of query, key and value alone"] = (Bare with { QkvBias = true }, Told),
        ["bias of the projection alone"] = (Bare with { ProjectionBias = true }, Told),
        ["bias of up alone"] = (Bare with { UpBias = true }, Told),
        ["bias of down alone"] = (Bare with { DownBias = true }, Told),
        ["bias of the head"] = (Bare with { HeadBias = true }, Told),
        ["bias of a tied head"] = (Bare with { HeadBias = true, Tie = Tie.Shared }, Told),
        ["norms without biases"] = (Fused with { NormBias = false }, Told with { Norm = NormKind.LayerNorm }),
        ["RMSNorm by option"] = (Fused with { NormBias = false, Rms = true }, Told with { Norm = NormKind.RmsNorm }),
        ["RMSNorm by name"] = (Fused with { NormBias = false, Rms = true, Norms = ("rms_1", "rms_2", "rms_f") }, Told),
        ["RMSNorm by another name"] = (Fused with { NormBias = false, Rms = true, Norms = ("rmsnorm1", "rmsnorm2", "final_rmsnorm") }, Told),
        ["gamma and beta"] = (Fused with { NormParts = ("gamma", "beta") }, Told),
        ["scale and shift"] = (Fused with { NormParts = ("scale", "shift") }, Told),
        ["separate"] = (Fused with { Qkv = ["q_proj", "k_proj", "v_proj"], Projection = "out_proj" }, Told),
        ["separate, no biases"] = (Bare with { Attention = "attention", Qkv = ["W_q", "W_k", "W_v"], Projection = "W_o" }, Told),
        ["a matrix for each head"] = (Fused with
        {
            Attention = "attention", Qkv = ["query", "key", "value"], HeadList = "heads", Projection = "proj",
        }, Told with { Heads = null }),
        ["nn.MultiheadAttention"] = (Fused with { Qkv = ["in_proj"], QkvParts = ("_weight", "_bias"), Projection = "out_proj" }, Told),
        ["tied, one tensor"] = (Fused with { Tie = Tie.Shared }, Told),
        ["tied, none stored"] = (Fused with { Tie = Tie.Absent }, Told),
        ["tied, a copy"] = (Fused with { Tie = Tie.Copied }, Told),
        ["heads wider than C / NH"] = (Fused with { HeadSize = 6 }, Told),
        ["heads narrower than C / NH"] = (Fused with { HeadSize = 2, Qkv = ["q_proj", "k_proj", "v_proj"] }, Told),
        ["grouped, separate"] = (Fused with { KvHeads = 1, Qkv = ["q_proj", "k_proj", "v_proj"] }, Told),
        ["grouped, fused"] = (Fused with { KvHeads = 1 }, Told),
        ["grouped, told by --kv-heads"] = (Fused with { KvHeads = 1 }, Told with { Heads = null, KvHeads = 1 }),
        ["grouped in pairs"] = (Fused with { HeadCount = 6, HeadSize = 2, KvHeads = 2, Qkv = ["q_proj", "k_proj", "v_proj"] }, Told with { Heads = 6 }),
        ["gated"] = (Swiglu, ToldGated),
        ["gated, biases"] = (Swiglu with { UpBias = true, DownBias = true }, ToldGated),
        ["gated by GELU"] = (Swiglu with { Activation = GeluTanh }, ToldGated with { Activation = ActivationKind.GeluTanh }),
        ["gated, w2 leads back"] = (Swiglu with { Mlp = ["feed_forward.w1", "feed_forward.w3", "feed_forward.w2"] }, ToldGated),
        ["gated, w3 leads back"] = (Swiglu with { Mlp = ["mlp.w1", "mlp.w2", "mlp.w3"] }, ToldGated),
        ["gated, fc1 fc2 fc3"] = (Swiglu with { Mlp = ["ff.fc1", "ff.fc2", "ff.fc3"] }, ToldGated),
        ["gated, c_fc2 under the gate"] = (Swiglu with { Mlp = ["mlp.c_fc2", "mlp.c_fc", "mlp.c_proj"] }, ToldGated),
        ["gated, LitGPT"] = (Swiglu with { Mlp = ["mlp.fc_1", "mlp.fc_2", "mlp.proj"] }, ToldGated),
        ["everything of Llama"] = (Llama, ToldLlama),
        ["rotary halves"] = (Llama with { Rotate = Halves(10_000) }, ToldLlama with { Rotary = PositionKind.RotaryHalves }),
        ["rotary base"] = (Llama with { Rotate = Pairs(500) }, ToldLlama with { RotaryBase = 500 }),
        ["rotary, wide heads"] = (Llama with { Rotate = Halves(10_000), HeadSize = 6 }, ToldLlama with { Rotary = PositionKind.RotaryHalves }),
        ["rotary with biases"] = (Fused with { Positions = null, Rotate = Pairs(10_000) }, Told with { Rotary = PositionKind.RotaryPairs, ContextLength = 9 }),
        ["table, pairs"] = (Llama with { Rotate = Pairs(500_000), Buffers = Tables(RotaryTables.Interleaved, 500_000) }, ByTable),
        ["table, halves"] = (Llama with { Rotate = Halves(12_345), Buffers = Tables(RotaryTables.Doubled, 12_345) }, ByTable),
        ["table, each angle once"] = (Llama with
        {
            Rotate = Halves(10_000), Buffers = Tables(RotaryTables.Once, 10_000),
        }, ByTable with { Rotary = PositionKind.RotaryHalves }),
        ["frequencies"] = (Llama with { Rotate = Halves(1_000), Buffers = state => state.Set("layers.0.attention.rotary_emb.inv_freq", RotaryTables.Frequencies(1_000, 4)) },
            ByTable with { Rotary = PositionKind.RotaryHalves, ContextLength = ContextLength }),
        ["names of GPT-2"] = (Fused with { Tokens = "wte.weight", Positions = "wpe.weight", Blocks = "h", Norms = ("ln_1", "ln_2", "ln_f"), Head = "lm_head.weight" }, Told),
        ["plain names"] = (Fused with
        {
            Tokens = "token_embedding.weight", Positions = "position_embedding.weight", Norms = ("norm1", "norm2", "norm"), Mlp = ["mlp.0", "mlp.2"], Head = "lm_head.weight",
        }, Told),
        ["more names"] = (Fused with
        {
            Tokens = "token_embedding_table.weight", Positions = "position_embedding_table.weight", Blocks = "transformer_blocks", Norms = ("ln_attn", "ln_mlp", "final_ln"),
            Attention = "self_attn", Qkv = ["query", "key", "value"], Projection = "projection", Mlp = ["feedforward.linear1", "feedforward.linear2"], Head = "unembed.weight",
        }, Told),
        ["names of Hugging Face's Llama"] = (Swiglu with
        {
            Tokens = "embed_tokens.weight", Blocks = "layers", Norms = ("input_layernorm", "post_attention_layernorm", "norm"), Attention = "self_attn",
            Qkv = ["q_proj", "k_proj", "v_proj"], Projection = "o_proj", Mlp = ["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"], Head = "lm_head.weight",
        }, ToldGated),
        ["Raschka's Llama"] = (RaschkaLlama, ByTable),
        ["the lecture's names with fused attention"] = (Fused with
        {
            Tokens = "token_embedding_table.weight", Positions = "position_embedding_table.weight", Attention = "sa", Projection = "proj",
            Mlp = ["ffwd.net.0", "ffwd.net.2"], Head = "lm_head.weight",
        }, Told),
        ["a position parameter of (1, T, C)"] = (Fused with { Positions = "pos_emb" }, Told),
        ["masks"] = (Fused with { Buffers = Masks }, Told),
    };

    private static ConvertOptions ByTable => new() { Norm = NormKind.RmsNorm };

    public static TheoryData<string> RowNames => [.. Rows.Keys];

    public static TheoryData<string, string> Wrappings => new()
    {
        { "model", "" }, { "model_state", "" }, { "model_state_dict", "" }, { "state_dict", "" },
        { "", "_orig_mod." }, { "", "module." }, { "", "model." }, { "", "transformer." }, { "", "_orig_mod.module.model.transformer." },
        { "state_dict", "model." }, { "model", "module._orig_mod." },
    };

    [Theory]
    [MemberData(nameof(RowNames))]
    public void Convert_matches_the_models_own_forward_pass(string row)
    {
        (PlainModel model, ConvertOptions told) = Rows[row];
        TestState state = model.State();

        ConversionReport report = Check(Family, state.Items, model.Forward(state), told);

        Assert.Contains(report.Of(ReportKind.Found), line => line.StartsWith("plain GPT checkpoint (PyTorch zip): a state dict with ", StringComparison.Ordinal));
        Assert.Contains(report.Of(ReportKind.Assumed), line => line.StartsWith("a norm before attention and one before the MLP, each with a residual", StringComparison.Ordinal));
        Assert.Equal(model.Tie == Tie.Absent,
            report.Of(ReportKind.Assumed).Any(line => line.StartsWith("the head is tied, the token embedding: the state dict has none", StringComparison.Ordinal)));
        Assert.Equal(model.Qkv.Length == 1,
            report.Of(ReportKind.Assumed).Any(line => line.StartsWith("queries, keys and values stand in this order", StringComparison.Ordinal)));
        Assert.Equal(model.Mlp.Any(name => name[^1] is >= '1' and <= '3') && model.Mlp.Length == 3,
            report.Of(ReportKind.Assumed).Any(line => line.StartsWith("the MLP's gate is ", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Wrappings))]
    public void Convert_finds_the_state_dict_under_any_name_and_prefix(string key, string prefix)
    {
        TestState state = Fused.State();
        List<(object, object?)> items = state.Prefixed(prefix);

        Check(Family, key.Length == 0 ? items : new List<(object, object?)> { ("epoch", 3), (key, items), ("optimizer", new List<(object, object?)>()) },
            Fused.Forward(state), Told);
    }

    [Theory]
    [InlineData("HalfStorage")]
    [InlineData("BFloat16Storage")]
    [InlineData("DoubleStorage")]
    public void Convert_reads_every_type_of_numbers(string storage)
    {
        TestState state = Fused.State();
        state.Store(storage);

        Check(Family, state.Items, Fused.Forward(state), Told);
    }

    [Fact]
    public void Convert_takes_the_config_of_MicroGPT_of_the_PyTorch_guide()
    {
        PlainModel model = Bare with { Tokens = "token_embedding.weight", Positions = "position_embedding.weight", Activation = Relu };
        TestState state = model.State();
        List<(object, object?)> config =
            [("block_size", ContextLength), ("n_embd", Width), ("n_head", 3), ("n_layer", Layers), ("vocab_size", VocabSize), ("dropout", 0.1)];
        List<(object, object?)> root =
            [("model_state_dict", state.Items), ("config", config), ("chars", new List<object?>("\n abcdefghi".Select(letter => (object?)$"{letter}")))];

        Check(Family, root, model.Forward(state), new ConvertOptions { Activation = ActivationKind.Relu });
        config.Add(("activation", "relu"));
        ConversionReport report = Check(Family, root, model.Forward(state));

        string[] found = report.Of(ReportKind.Found);
        Assert.Contains("activation relu: the checkpoint says 'relu'", found);
        Assert.Contains(found, line => line.StartsWith("vocabulary: 11 characters", StringComparison.Ordinal));
        Assert.Empty(report.Of(ReportKind.LeftOut));
    }

    [Fact]
    public void Convert_takes_fields_beside_the_state_dict_for_the_config()
    {
        TestState state = Llama.State();
        List<(object, object?)> root =
        [
            ("model", state.Items), ("n_heads", 3), ("n_kv_heads", 1), ("n_layers", Layers), ("dim", Width), ("max_seq_len", ContextLength),
            ("rope_theta", 10_000), ("norm_type", "rms"), ("norm_eps", 1e-5), ("hidden_act", "silu"), ("step", 7),
        ];

        ConversionReport report = Check(Family, root, Llama.Forward(state), new ConvertOptions { Rotary = PositionKind.RotaryPairs });

        Assert.Contains("what training noted and generation does not need: 'step'", report.Of(ReportKind.LeftOut));
        Assert.DoesNotContain(report.Of(ReportKind.Assumed), line => line.StartsWith("norm epsilon", StringComparison.Ordinal));
    }

    [Fact]
    public void Convert_names_a_missing_tensor_as_the_other_layers_do()
    {
        TestState state = new PlainModel { Norms = ("norm_1", "norm_2", "ln_f") }.State();
        state.Items.RemoveAll(item => ((string)item.Key).StartsWith($"blocks.{Layers - 1}.norm_1.", StringComparison.Ordinal));

        Assert.Contains($"tensor 'blocks.{Layers - 1}.norm_1.weight' is missing", Refuse(state.Items, Told), StringComparison.Ordinal);
    }

    private static void Masks(TestState state)
    {
        state.Mask("blocks.0.attn.mask", 1, 1, ContextLength, ContextLength);
        state.Set("blocks.1.attn.mask", TestState.Triangle([ContextLength, ContextLength], upTo: 0, after: float.NegativeInfinity));
        state.Set("blocks.1.attn.masked_bias", TestTensor.Of([-1e4f]));
        state.Set("position_ids", new TestTensor
        {
            Storage = "LongStorage", Shape = [1, ContextLength], Data = [.. Enumerable.Range(0, ContextLength).SelectMany(i => BitConverter.GetBytes((long)i))],
        });
    }

    private static Action<TestState> Tables(Func<Func<double, double>, double, int, int, TestTensor> table, double theta, string module = "layers.{0}.attention.") => state =>
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string buffers = module.Replace("{0}", $"{layer}", StringComparison.Ordinal);
            state.Set(buffers + "cos", table(Math.Cos, theta, 4, ContextLength));
            state.Set(buffers + "sin", table(Math.Sin, theta, 4, ContextLength));
        }
    };
}
