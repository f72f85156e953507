using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace MyGpt.CommandLine.Doctor.Reference;

/// <summary>Rows of blocks of 32 weights that share a scale: q8's signed bytes, or the levels of q4's indices.</summary>
internal sealed class PlainBlocks : IPlainRows
{
    private const int Block = 32, Half = Block / 2, LargestWord = 16383;

    private static readonly sbyte[] Levels = [0, 11, 23, 35, 49, 64, 82, 104, -127, -98, -77, -61, -47, -34, -22, -11];

    private readonly bool _isQ4;
    private readonly int _rows, _columns, _blocks;
    private readonly int[] _codes;     // (rows, blocks * 32): signed bytes, or indices
    private readonly float[] _scales;  // (rows, blocks), bfloat16 each

    public PlainBlocks(bool isQ4, int rows, int columns, int seed)
    {
        (_isQ4, _rows, _columns) = (isQ4, rows, columns);
        _blocks = (columns + Block - 1) / Block;
        var random = new Random(seed);
        _codes = new int[rows * _blocks * Block];   // what fills the last block, too, is anything
        for (int i = 0; i < _codes.Length; i++)
            _codes[i] = isQ4 ? random.Next(Levels.Length) : random.Next(sbyte.MinValue, sbyte.MaxValue + 1);
        _scales = Array.ConvertAll(Numbers.Floats(rows * _blocks, seed, spread: 0.01f), Numbers.RoundToBf16);
    }

    public byte[] Bytes
    {
        get
        {
            int quantBytes = _blocks * (_isQ4 ? Half : Block), rowBytes = quantBytes + (_blocks * sizeof(ushort));
            byte[] bytes = new byte[_rows * rowBytes];
            for (int row = 0; row < _rows; row++)
            {
                Span<byte> quants = bytes.AsSpan(row * rowBytes, quantBytes), scales = bytes.AsSpan((row * rowBytes) + quantBytes, rowBytes - quantBytes);
                for (int i = 0; i < _blocks * Block; i++)
                {
                    int code = _codes[(row * _blocks * Block) + i], column = i % Block;
                    if (_isQ4)
                        quants[(i / Block * Half) + (column % Half)] |= (byte)(column < Half ? code : code << 4);
                    else
                        quants[i] = (byte)code;
                }
                for (int b = 0; b < _blocks; b++)
                    BinaryPrimitives.WriteUInt16LittleEndian(scales[(b * sizeof(ushort))..], (ushort)(BitConverter.SingleToUInt32Bits(_scales[(row * _blocks) + b]) >> 16));
            }
            return bytes;
        }
    }

    public float Weight(int row, int column) => Quant(row, column) * _scales[(row * _blocks) + (column / Block)];

    public void Multiply(ReadOnlySpan<float> x, Span<float> y)
    {
        float largest = MathF.ScaleB(1, -100);
        foreach (float value in x)
            largest = Math.Max(largest, Math.Abs(value));
        float factor = LargestWord / largest;
        long[] words = new long[_blocks * Block];   // zeros where the last block has no column
        for (int i = 0; i < x.Length; i++)
            words[i] = (long)Math.Round((double)(x[i] * factor), MidpointRounding.ToEven);
        for (int row = 0; row < y.Length; row++)
            y[row] = Sum(row, words) / factor;
    }

    // Lanes 0 to 3 for even blocks, 4 to 7 for odd ones; a lane adds the exact sums of columns 4 j to 4 j + 3 and 16 further on.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float Sum(int row, long[] words)
    {
        Span<float> lanes = stackalloc float[8];
        lanes.Clear();
        for (int b = 0; b < _blocks; b++)
        {
            for (int j = 0; j < 4; j++)
            {
                long sum = 0;
                for (int column = (b * Block) + (4 * j); column < (b * Block) + (4 * j) + 4; column++)
                    sum += (Quant(row, column) * words[column]) + (Quant(row, column + Half) * words[column + Half]);
                ref float lane = ref lanes[(b % 2 * 4) + j];
                lane = MathF.FusedMultiplyAdd(sum, _scales[(row * _blocks) + b], lane);
            }
        }
        return CanonicalSum.Join(lanes);
    }

    private int Quant(int row, int column)
    {
        int code = _codes[(row * _blocks * Block) + column];
        return _isQ4 ? Levels[code] : code;
    }
}
