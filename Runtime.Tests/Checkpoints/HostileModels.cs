namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>Well-formed archives whose tensors or config cannot be a model: one row per cause.</summary>
internal static class HostileModels
{
    private const string Tokens = "transformer.wte.weight", Norm = "transformer.h.0.ln_1.weight", Up = "transformer.h.1.mlp.c_fc.weight",
        Qkv = "transformer.h.0.attn.c_attn.weight";

    private static readonly (string Name, Action<TinyCheckpoint> Change, string Reason)[] Rows =
    [
        ("a missing matrix", c => c[Up] = null, $"tensor '{Up}' is missing"),
        ("a missing bias in one layer", c => c["transformer.h.0.mlp.c_proj.bias"] = null,
            "tensor 'transformer.h.0.mlp.c_proj.bias' is missing"),
        ("a missing embedding", c => c["transformer.wpe.weight"] = null, "tensor 'transformer.wpe.weight' is missing"),
        ("a missing last norm", c => c["transformer.ln_f.weight"] = null, "tensor 'transformer.ln_f.weight' is missing"),
        ("a tensor without a place", c => c.State.Add(("transformer.h.0.attn.rotary", TestTensor.Random(9, 2))),
            "'transformer.h.0.attn.rotary' of shape [2] has no place"),
        ("a bias in the place of a mask", c => c.State.Add(("transformer.h.0.attn.bias", TestTensor.Random(9, 12))),
            "'transformer.h.0.attn.bias' of shape [12] has no place"),
        ("a tensor twice but for a prefix", c => c.State.Add(("_orig_mod." + Norm, c[Norm])), "the same name but for a prefix"),
        ("a gap in the layers", c => c.State.AddRange(Layer(c, 3)), "layer 2 is missing"),
        ("more layers than are read", c => c.State.AddRange(Enumerable.Range(TinyCheckpoint.Layers, 5000).Select(layer =>
            ((object)$"transformer.h.{layer}.ln_1.weight", (object?)c[Norm]))), "5002 layers found, 'transformer.h.0.' and on; at most 4096"),
        ("a name of prefixes", c => c.State.Add((string.Concat(Enumerable.Repeat("model.", 300_000)) + "wte.weight", c[Norm])),
            "the state dict has a name of 1800010 characters, 'model.model."),
        ("a name of 1001 characters", c => c.State.Add((new string('n', 1001), c[Norm])), "a name of 1001 characters, 'nnn"),
        ("no layers", c => c.State.RemoveAll(pair => ((string)pair.Key).Contains(".h.", StringComparison.Ordinal)), "has no layers"),
        ("a layer number beyond 32 bits", c => c.State.Add(("transformer.h.99999999999.ln_1.weight", TestTensor.Random(9, 4))),
            "has no place"),
        ("a state dict entry that is a number", c => c.State.Add(("step", 3)), "'step' is an integer, not a tensor"),
        ("a state dict key that is a number", c => c.State.Add((3, TestTensor.Random(9, 2))), "a key that is an integer"),

        ("a wrong shape", c => c[Qkv] = TestTensor.Random(9, 11, 4), $"tensor '{Qkv}': 11 outputs found; 4 for queries and two equal parts"),
        ("a transposed matrix", c => c[Qkv] = TestTensor.Random(9, 4, 12), "this is the transpose"),
        ("a vector in the place of a matrix", c => c[Up] = TestTensor.Random(9, 28), "shape [28] found"),
        ("a matrix in the place of a vector", c => c[Norm] = TestTensor.Random(9, 1, 4), "shape [1, 4] found, [4] needed"),
        ("a single number in the place of a vector", c => c[Norm] = TestTensor.Random(9), "shape [] found, [4] needed"),
        ("a size of 0", c => c[Tokens] = TestTensor.Random(9, 0, 4), "has the shape [0, 4]; sizes from 1"),
        ("a size beyond 31 bits", c => c[Tokens] = c[Tokens]! with { Shape = [1L << 40, 4] }, "goes beyond its storage"),
        ("a negative size", c => c[Tokens] = c[Tokens]! with { Shape = [-5, -4] }, "must not be negative"),
        ("a negative stride", c => c[Tokens] = c[Tokens]! with { Strides = [-4, 1] }, "neither may be negative"),
        ("a negative offset", c => c[Tokens] = c[Tokens]! with { Offset = -1 }, "neither may be negative"),
        ("an offset beyond the storage", c => c[Tokens] = c[Tokens]! with { Offset = 1 }, "goes beyond its storage"),
        ("a stride beyond the storage", c => c[Tokens] = c[Tokens]! with { Strides = [5, 1] }, "goes beyond its storage"),
        ("a product of sizes that wraps around", c => c[Tokens] = c[Tokens]! with { Shape = [1L << 32, 1L << 32], Strides = [0, 0] },
            "goes beyond its storage"),
        ("an extent that wraps around", c => c[Tokens] = c[Tokens]! with { Shape = [3, 3], Strides = [long.MaxValue / 2 + 1, 1] },
            "goes beyond its storage"),
        ("one element that is said to be many", c => c[Tokens] = c[Tokens]! with { Shape = [1 << 20, 4], Strides = [0, 0] },
            "goes beyond its storage"),
        ("a weight that overlaps itself", c => c[Up] = c[Up]! with { Strides = [1, 1] },
            $"tensor '{Up}' of shape [7, 4] with strides [1, 1] has elements in more than one place"),
        ("a weight of one row over and over", c => c[Up] = c[Up]! with { Strides = [0, 1] }, "has elements in more than one place"),
        ("more strides than sizes", c => c[Tokens] = c[Tokens]! with { Strides = [4, 1, 1] }, "2 sizes and 3 strides"),
        ("elements wider than the storage's bytes allow", c => c.State[0] = (Tokens, (Action<PickleWriter>)WriteWide), "which has 6 elements"),
        ("an integer weight", c => c[Norm] = c[Norm]! with { Storage = "IntStorage", DeclaredCount = 4 }, "is int32; a weight must be"),

        ("a NaN", c => c[Up] = Spoilt(c[Up]!, float.NaN), $"tensor '{Up}'[1, 1] is NaN"),
        ("an infinity", c => c[Norm] = TestTensor.Of([1, 1, float.NegativeInfinity, 1], 4), $"tensor '{Norm}'[2] is -Infinity"),

        ("no n_head", c => c.Arguments.RemoveAll(pair => pair.Key.Equals("n_head")), "model_args has no 'n_head'"),
        ("n_head is a string", c => c.With("n_head", "2"), "n_head is a string"),
        ("n_head is a truth value", c => c.With("n_head", true), "n_head is a truth value"),
        ("n_head is 0", c => c.With("n_head", 0), "n_head is 0"),
        ("n_head is negative", c => c.With("n_head", -2L), "n_head is -2"),
        ("n_head beyond 31 bits", c => c.With("n_head", 1L << 40), "n_head is 1099511627776"),
        ("n_head does not divide the width", c => c.With("n_head", 3), "n_head = 3, which does not divide the width 4"),
        ("another n_layer", c => c.With("n_layer", 1 << 30), "n_layer = 1073741824, but the number of layers says 2"),
        ("another n_embd", c => c.With("n_embd", 8), "n_embd = 8, but transformer.wte.weight says 4"),
        ("another block_size", c => c.With("block_size", 4), "block_size = 4, but the position embedding says 3"),
        ("another vocab_size", c => c.With("vocab_size", 6), "vocab_size = 6, but transformer.wte.weight says 5"),
        ("bias says no", c => c.With("bias", false), "bias = False, but the state dict has biases"),
        ("bias is a number", c => c.With("bias", 1), "bias is an integer"),
        ("a head of another vocabulary", c => c["lm_head.weight"] = TestTensor.Random(9, 6, 4),
            "'lm_head.weight': shape [6, 4] found, [5, 4] needed"),
        ("a context beyond every limit", c => SetContext(c, (1 << 20) + 1), "context_length"),
    ];

    public static TheoryData<string> Names => [.. Rows.Select(row => row.Name)];

    public static (byte[] File, string Reason) Make(string name)
    {
        (_, Action<TinyCheckpoint> change, string reason) = Rows.Single(row => row.Name == name);
        return (new TinyCheckpoint().But(change).ToArray(), reason);
    }

    // Of the 48 bytes that the positions have: 12 float32, 6 float64.
    private static void WriteWide(PickleWriter writer)
    {
        writer.Global("torch._utils", "_rebuild_tensor_v3").Op('(');
        writer.Op('(').Text("storage").Global("torch", "UntypedStorage").Text("0").Text("cpu").Int(48).Op('t').Op('Q');
        writer.Int(0).Value(new object?[] { 3, 4 }).Value(new object?[] { 4, 1 }).Value(false).Value(null).Global("torch", "float64").Op('t').Op('R');
    }

    private static IEnumerable<(object, object?)> Layer(TinyCheckpoint checkpoint, int number) =>
        [.. checkpoint.State.Where(pair => ((string)pair.Key).StartsWith("transformer.h.0.", StringComparison.Ordinal))
            .Select(pair => ((object)((string)pair.Key).Replace(".h.0.", $".h.{number}.", StringComparison.Ordinal), pair.Value))];

    private static TestTensor Spoilt(TestTensor tensor, float value)
    {
        byte[] data = [.. tensor.Data];
        BitConverter.TryWriteBytes(data.AsSpan(5 * sizeof(float)), value);
        return tensor with { Data = data };
    }

    private static void SetContext(TinyCheckpoint checkpoint, int length)
    {
        checkpoint["transformer.wpe.weight"] = new TestTensor { Data = new byte[length * 4L * sizeof(float)], Shape = [length, 4] };
        checkpoint.With("block_size", length);
    }
}
