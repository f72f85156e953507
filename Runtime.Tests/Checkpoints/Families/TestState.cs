using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Tests.Checkpoints.Families;

/// <summary>A state dict that a test writes, with seeded numbers, and whose numbers its reference reads back in double precision.</summary>
/// <param name="seed">Of the numbers.</param>
internal sealed class TestState(int seed = 1)
{
    private readonly Random _random = new(seed);

    /// <summary>Names and tensors in the order of the file.</summary>
    public List<(object Key, object? Value)> Items { get; } = [];

    /// <summary>A tensor's numbers as the file has them, row-major.</summary>
    public double[] this[string name]
    {
        get
        {
            var tensor = (TestTensor)Items.Single(item => item.Key.Equals(name)).Value!;
            return tensor.Storage switch
            {
                "DoubleStorage" => MemoryMarshal.Cast<byte, double>(tensor.Data).ToArray(),
                "HalfStorage" => [.. MemoryMarshal.Cast<byte, Half>(tensor.Data).ToArray().Select(half => (double)half)],
                "BFloat16Storage" => [.. MemoryMarshal.Cast<byte, ushort>(tensor.Data).ToArray().Select(bits => (double)BitConverter.UInt32BitsToSingle((uint)bits << 16))],
                _ => [.. MemoryMarshal.Cast<byte, float>(tensor.Data).ToArray().Select(number => (double)number)],
            };
        }
    }

    /// <summary>The numbers, or null when there is no such tensor: a bias that a module does not have.</summary>
    public double[]? Find(string name) => Items.Any(item => item.Key.Equals(name)) ? this[name] : null;

    /// <summary>Adds a matrix or table, large enough that every part of the model shows in its logits.</summary>
    public void Matrix(string name, params long[] shape) => Add(name, 0, 2 / Math.Sqrt(shape[^1]), shape);

    /// <summary>Adds a norm's gain.</summary>
    public void Gain(string name, long length) => Add(name, 1, 0.4, [length]);

    /// <summary>Adds a bias.</summary>
    public void Bias(string name, long length) => Add(name, 0, 0.5, [length]);

    /// <summary>Adds a tensor as it is.</summary>
    public void Set(string name, TestTensor tensor) => Items.Add((name, tensor));

    /// <summary>Adds torch.tril(torch.ones(T, T)) in the shape given.</summary>
    public void Mask(string name, params long[] shape) => Items.Add((name, Triangle(shape, upTo: 1, after: 0)));

    /// <summary>A mask with one number up to the diagonal and another after it.</summary>
    public static TestTensor Triangle(long[] shape, float upTo, float after)
    {
        int size = (int)shape[^1];
        return TestTensor.Of([.. Enumerable.Range(0, size * size).Select(i => i % size <= i / size ? upTo : after)], shape);
    }

    /// <summary>Adds a second name for a tensor.</summary>
    public void Alias(string name, string of) => Items.Add((name, Items.Single(item => item.Key.Equals(of)).Value));

    /// <summary>The same tensors with something before each name.</summary>
    public List<(object Key, object? Value)> Prefixed(string prefix) => [.. Items.Select(item => ((object)(prefix + item.Key), item.Value))];

    /// <summary>Stores every tensor of float32 as another type, its numbers rounded to it.</summary>
    public void Store(string storage)
    {
        for (int i = 0; i < Items.Count; i++)
        {
            var tensor = (TestTensor)Items[i].Value!;
            float[] numbers = MemoryMarshal.Cast<byte, float>(tensor.Data).ToArray();
            Items[i] = (Items[i].Key, new TestTensor
            {
                Storage = storage,
                Shape = tensor.Shape,
                Data = storage switch
                {
                    "DoubleStorage" => MemoryMarshal.AsBytes(numbers.Select(number => number * (1 + 1e-9)).ToArray().AsSpan()).ToArray(),
                    "HalfStorage" => MemoryMarshal.AsBytes(numbers.Select(number => (Half)number).ToArray().AsSpan()).ToArray(),
                    _ => MemoryMarshal.AsBytes(numbers.Select(number => (ushort)(BitConverter.SingleToUInt32Bits(number) >> 16)).ToArray().AsSpan()).ToArray(),
                },
            });
        }
    }

    private void Add(string name, double center, double spread, long[] shape)
    {
        float[] numbers = new float[shape.Aggregate(1L, (product, size) => product * size)];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = (float)(center + (spread * ((2 * _random.NextDouble()) - 1)));
        Items.Add((name, TestTensor.Of(numbers, shape)));
    }
}
