using System.Buffers.Binary;
using MyGpt.Checkpoints;
using MyGpt.Checkpoints.Tensors;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Runtime.Tests.Checkpoints;

public class RowReaderTests
{
    [Theory]
    [InlineData(0, 5, 1)]      // row-major
    [InlineData(3, 9, 1)]      // some columns of a wider matrix
    [InlineData(1, 1, 6)]      // transposed
    [InlineData(2, 40, 3)]     // every third
    [InlineData(0, 3, 41)]     // a column of a view with gaps
    [InlineData(0, 400, 70)]   // gaps too wide to read over
    [InlineData(7, 70, 400)]
    [InlineData(4, 1, 1)]      // overlapping rows
    public void Read_follows_any_strides(long offset, long rowStride, long columnStride)
    {
        const int Rows = 6, Columns = 5;
        float[] numbers = [.. Enumerable.Range(0, 4000).Select(i => (float)i)];
        StoredTensor tensor = Tensor(MemoryStorage.Of(numbers), TensorType.Float32, offset, [Rows, Columns], [rowStride, columnStride]);

        float[] read = Read(tensor);

        for (int i = 0; i < read.Length; i++)
            Assert.Equal(offset + (i / Columns * rowStride) + (i % Columns * columnStride), read[i]);
    }

    [Theory]
    [InlineData(3, RowReader.TileElements + 5, false)]
    [InlineData(RowReader.TileElements + 5, 3, false)]
    [InlineData(1000, 1500, false)]
    [InlineData(1000, 1500, true)]
    [InlineData(3, RowReader.TileElements + 5, true)]
    public void Read_in_tiles_gives_every_element_once_in_order(int rows, int columns, bool transposed)
    {
        float[] numbers = [.. Enumerable.Range(0, rows * columns).Select(i => (float)i)];
        long[] strides = transposed ? [1, rows] : [columns, 1];
        StoredTensor tensor = Tensor(MemoryStorage.Of(numbers), TensorType.Float32, 0, [rows, columns], strides);

        float[] read = Read(tensor);

        Assert.Equal(rows * columns, read.Length);
        for (int i = 0; i < read.Length; i++)
            Assert.True(read[i] == (i / columns * strides[0]) + (i % columns * strides[1]), $"element {i} is {read[i]}");
    }

    [Fact]
    public void Read_a_vector_with_stride()
    {
        StoredTensor tensor = Tensor(MemoryStorage.Of(0, 1, 2, 3, 4, 5, 6), TensorType.Float32, 1, [3], [2]);

        Assert.Equal([1f, 3f, 5f], Read(tensor));
    }

    [Fact]
    public void Read_a_repeated_element_when_the_storage_has_as_many()
    {
        StoredTensor tensor = Tensor(MemoryStorage.Of(8, 9, 10, 11), TensorType.Float32, 1, [2, 2], [0, 0]);

        Assert.Equal([9f, 9f, 9f, 9f], Read(tensor));
    }

    [Fact]
    public void Read_big_endian_elements_of_each_size()
    {
        byte[] half = new byte[4], single = new byte[8], wide = new byte[16];
        for (int i = 0; i < 2; i++)
        {
            BinaryPrimitives.WriteHalfBigEndian(half.AsSpan(i * 2), (Half)(i + 1.5f));
            BinaryPrimitives.WriteSingleBigEndian(single.AsSpan(i * 4), i + 1.5f);
            BinaryPrimitives.WriteDoubleBigEndian(wide.AsSpan(i * 8), i + 1.5);
        }

        Assert.Equal([1.5f, 2.5f], Read(Tensor(new MemoryStorage(half, bigEndian: true), TensorType.Float16, 0, [2], [1])));
        Assert.Equal([1.5f, 2.5f], Read(Tensor(new MemoryStorage(single, bigEndian: true), TensorType.Float32, 0, [2], [1])));
        Assert.Equal([1.5f, 2.5f], Read(Tensor(new MemoryStorage(wide, bigEndian: true), TensorType.Float64, 0, [2], [1])));
    }

    [Fact]
    public void AreEqual_compares_bits()
    {
        StoredTensor one = Tensor(MemoryStorage.Of(1, float.NaN, 0), TensorType.Float32, 0, [3], [1]);

        Assert.True(new RowReader().AreEqual(one, Tensor(MemoryStorage.Of(1, float.NaN, 0), TensorType.Float32, 0, [3], [1])));
        Assert.False(new RowReader().AreEqual(one, Tensor(MemoryStorage.Of(1, float.NaN, -0f), TensorType.Float32, 0, [3], [1])));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1000)]
    public void Read_elements_far_apart_in_few_reads(int columnStride)
    {
        const int Rows = 3, Columns = 2000;
        var storage = new CountingStorage(Rows * Columns * columnStride * sizeof(float));

        Read(Tensor(storage, TensorType.Float32, 0, [Rows, Columns], [Columns * columnStride, columnStride]));

        Assert.InRange(storage.Reads, 1, Rows * (1 + (Columns / 64)));   // a read of 256 kB has 64 of the farther ones
    }

    [Theory]
    [InlineData(new long[] { }, new long[] { }, 1)]
    [InlineData(new long[] { 5, 4 }, new long[] { 4, 1 }, 20)]
    [InlineData(new long[] { 5, 4 }, new long[] { 1, 5 }, 20)]
    [InlineData(new long[] { 5, 4 }, new long[] { 12, 3 }, 60)]       // what lies between is read, too
    [InlineData(new long[] { 5, 1 }, new long[] { 12, 1 }, 60)]
    [InlineData(new long[] { 5 }, new long[] { 5000 }, 5 * 1024)]     // as dear as a call
    [InlineData(new long[] { 1 << 30, 1 << 30 }, new long[] { 1 << 30, 1 }, 1L << 60)]
    public void ElementsRead_counts_what_lies_between(long[] shape, long[] strides, long expected)
    {
        StoredTensor tensor = Tensor(new CountingStorage(long.MaxValue), TensorType.UInt8, 0, shape, strides);

        Assert.Equal(expected, RowReader.ElementsRead(tensor));
    }

    [Theory]
    [InlineData(new long[] { }, new long[] { }, true)]
    [InlineData(new long[] { 5, 4 }, new long[] { 4, 1 }, true)]
    [InlineData(new long[] { 5, 4 }, new long[] { 1, 5 }, true)]
    [InlineData(new long[] { 5, 4 }, new long[] { 100, 3 }, true)]
    [InlineData(new long[] { 2, 3, 4 }, new long[] { 4, 8, 1 }, true)]
    [InlineData(new long[] { 1, 4 }, new long[] { 0, 1 }, true)]      // a dimension of size 1 has any stride
    [InlineData(new long[] { 5, 4 }, new long[] { 3, 1 }, false)]
    [InlineData(new long[] { 5, 4 }, new long[] { 0, 1 }, false)]
    [InlineData(new long[] { 4 }, new long[] { 0 }, false)]
    [InlineData(new long[] { 28, 28 }, new long[] { 70, 65 }, false)]
    public void IsOnceOnly_of_slices_and_transposes(long[] shape, long[] strides, bool expected)
    {
        StoredTensor tensor = Tensor(new CountingStorage(1 << 20), TensorType.UInt8, 0, shape, strides);

        Assert.Equal(expected, tensor.IsOnceOnly);
    }

    [Theory]
    [InlineData(0, new long[] { 2, 3 }, new long[] { 3, 1 }, true)]
    [InlineData(0, new long[] { 2, 3 }, new long[] { 3, 2 }, false)]                     // one past the end
    [InlineData(1, new long[] { 2, 3 }, new long[] { 3, 1 }, false)]
    [InlineData(6, new long[] { 1 }, new long[] { 1 }, false)]
    [InlineData(5, new long[] { }, new long[] { }, true)]
    [InlineData(6, new long[] { }, new long[] { }, false)]
    [InlineData(0, new long[] { 7 }, new long[] { 0 }, false)]                           // more elements than there are
    [InlineData(-1, new long[] { 1 }, new long[] { 1 }, false)]
    [InlineData(0, new long[] { -2, -3 }, new long[] { 3, 1 }, false)]
    [InlineData(0, new long[] { 2 }, new long[] { -1 }, false)]
    [InlineData(0, new long[] { 2, 2 }, new long[] { 1 }, false)]
    [InlineData(long.MaxValue, new long[] { 2 }, new long[] { long.MaxValue }, false)]   // sums that wrap around
    [InlineData(0, new long[] { 1L << 32, 1L << 32 }, new long[] { 0, 0 }, false)]       // a product that wraps around to 0
    [InlineData(0, new long[] { 3, 1L << 62, 4 }, new long[] { 1L << 62, 2, 1 }, false)]
    public void Open_checks_the_extent_against_the_storage(long offset, long[] shape, long[] strides, bool fits)
    {
        var storage = new MemoryStorage(new byte[6 * sizeof(float)]);

        Exception? problem = Record.Exception(() => Tensor(storage, TensorType.Float32, offset, shape, strides));

        Assert.Equal(fits ? null : typeof(CheckpointException), problem?.GetType());
    }

    private static StoredTensor Tensor(TensorStorage storage, TensorType type, long offset, long[] shape, long[] strides) =>
        StoredTensor.Open("t", new TensorValue { Storage = storage, Type = type, Offset = offset, Shape = shape, Strides = strides });

    private static float[] Read(StoredTensor tensor)
    {
        var read = new List<float>();
        new RowReader().Read(tensor, (row, column, numbers) =>
        {
            Assert.Equal(read.Count, (row * tensor.Shape[^1]) + column);
            Assert.True(numbers.Length <= RowReader.TileElements);
            read.AddRange(numbers);
        });
        return [.. read];
    }

    /// <summary>Zeros that take no memory, and how often they were read.</summary>
    private sealed class CountingStorage(long length) : TensorStorage
    {
        public override string Name => "zeros";

        public override long Length => length;

        public int Reads { get; private set; }

        public override void Read(long position, Span<byte> destination)
        {
            Assert.True(position >= 0 && position <= length - destination.Length);
            Reads++;
            destination.Clear();
        }
    }
}
