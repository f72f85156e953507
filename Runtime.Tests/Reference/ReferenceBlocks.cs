namespace MyGpt.Runtime.Tests.Reference;

/// <summary>Quantised rows and the layer's arithmetic as docs/numerics.md and docs/weights-format.md define them, element by element.</summary>
internal sealed class ReferenceBlocks
{
    private const int Block = 32;
    private static readonly int[] Levels = [0, 11, 23, 35, 49, 64, 82, 104, -127, -98, -77, -61, -47, -34, -22, -11];
    private readonly bool _isQ4;
    private readonly int _columns;
    private readonly int[] _quants;      // (rows, columns): signed byte or index
    private readonly ushort[] _scales;   // (rows, blocks)

    /// <summary>Random rows; every 7th quant is the largest there can be.</summary>
    public ReferenceBlocks(bool isQ4, int rows, int columns, int seed, double spread = 1)
    {
        _isQ4 = isQ4;
        _columns = columns;
        var random = new Random(seed);
        _quants = [.. Enumerable.Range(0, rows * columns).Select(i => isQ4 ? (i % 7 == 3 ? 8 : random.Next(16)) : (i % 7 == 3 ? -128 : random.Next(-128, 128)))];
        _scales = [.. Enumerable.Range(0, rows * BlockCount).Select(_ =>
            (ushort)(BitConverter.SingleToUInt32Bits((float)(spread / 127 * (2 * random.NextDouble() - 1))) >> 16))];
    }

    private int BlockCount => (_columns + Block - 1) / Block;

    /// <summary>Gives a block a scale, any bits of a bfloat16.</summary>
    public void SetScale(int row, int block, ushort bits) => _scales[row * BlockCount + block] = bits;

    /// <summary>The rows as weights.bin stores them; what fills the last block is anything.</summary>
    public byte[] Bytes()
    {
        int quantBytes = BlockCount * (_isQ4 ? 16 : 32), rowBytes = quantBytes + 2 * BlockCount, rows = _quants.Length / _columns;
        byte[] bytes = new byte[rows * rowBytes];
        for (int row = 0; row < rows; row++)
        {
            bytes.AsSpan(row * rowBytes, quantBytes).Fill(0xA5);
            for (int c = 0; c < _columns; c++)
            {
                int quant = _quants[row * _columns + c], at = row * rowBytes + c / Block * (_isQ4 ? 16 : 32), column = c % Block;
                if (!_isQ4)
                    bytes[at + column] = (byte)quant;
                else if (column < 16)
                    bytes[at + column] = (byte)((bytes[at + column] & 0xF0) | quant);
                else
                    bytes[at + column - 16] = (byte)((bytes[at + column - 16] & 0x0F) | quant << 4);
            }
            for (int b = 0; b < BlockCount; b++)
                BitConverter.TryWriteBytes(bytes.AsSpan(row * rowBytes + quantBytes + 2 * b), _scales[row * BlockCount + b]);
        }
        return bytes;
    }

    /// <summary>A weight, exactly.</summary>
    public double Weight(int row, int column) => Byte(row, column) * (double)Scale(row, column / Block);

    /// <summary>One output as the definition says, to the bit.</summary>
    public float Output(int row, ReadOnlySpan<float> x)
    {
        float largest = MathF.ScaleB(1, -100);
        foreach (float v in x)
        {
            if (!float.IsFinite(v))
                return float.NaN;
            largest = Math.Max(largest, Math.Abs(v));
        }
        float factor = 16383 / largest;
        float[] lanes = new float[8];
        for (int b = 0; b < BlockCount; b++)
        {
            for (int lane = 0; lane < 4; lane++)
            {
                long sum = 0;
                for (int i = 0; i < 8; i++)
                {
                    int column = b * Block + 4 * lane + i % 4 + i / 4 * 16;
                    if (column < _columns)
                        sum += Byte(row, column) * (long)Math.Round(x[column] * factor, MidpointRounding.ToEven);
                }
                Assert.InRange(sum, -(1 << 24), 1 << 24);
                ref float total = ref lanes[b % 2 * 4 + lane];
                total = MathF.FusedMultiplyAdd(sum, Scale(row, b), total);
            }
        }
        return (((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))) / factor;
    }

    private int Byte(int row, int column) => _isQ4 ? Levels[_quants[row * _columns + column]] : _quants[row * _columns + column];

    private float Scale(int row, int block) => BitConverter.UInt32BitsToSingle((uint)_scales[row * BlockCount + block] << 16);
}
