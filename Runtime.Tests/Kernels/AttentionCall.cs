using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.WeightTypes;
using MyGpt.Runtime.Tests.Weights;

namespace MyGpt.Runtime.Tests.Kernels;

/// <summary>One sequence's queries, and its keys and values in pages; what a page holds beyond them is NaN.</summary>
internal sealed unsafe class AttentionCall<TElement> : IDisposable
    where TElement : struct, IKvType
{
    private const int Layer = 1;

    private readonly int _headDim, _heads, _kvHeads, _length;
    private readonly float[] _qkv;
    private readonly KvPage _layout;
    private readonly NativeBuffer _pages, _table, _rows;

    public AttentionCall(int headDim, int heads, int kvHeads, int length)
    {
        (_headDim, _heads, _kvHeads, _length) = (headDim, heads, kvHeads, length);
        _qkv = Sample.Floats(length * Width, headDim, spread: 1.5f);
        _layout = new KvPage(layerCount: 2, kvHeads, headDim);
        int pages = (length + KvPage.Positions - 1) / KvPage.Positions;
        nuint pageBytes = TElement.RowBytes((nuint)_layout.Length);
        _pages = new NativeBuffer((long)pageBytes / sizeof(float) * pages);
        new Span<byte>(_pages.Data, (int)_pages.Length * sizeof(float)).Fill(0xFF);   // in every type
        _table = new NativeBuffer(pages * sizeof(byte*) / sizeof(float));
        for (int i = 0; i < pages; i++)
            ((byte**)_table.Data)[i] = (byte*)_pages.Data + (nuint)i * pageBytes;
        _rows = new NativeBuffer((long)length * sizeof(AttentionRow) / sizeof(float));
        for (int t = 0; t < length; t++)
            Rows[t] = new AttentionRow((byte**)_table.Data, t + 1);
        fixed (float* qkv = _qkv)
            new KvStore<TElement> { Qkv = qkv, Rows = Rows, Page = _layout, Tokens = length, QkvDim = Width, Layer = Layer }.Run(0, length * kvHeads, worker: 0);
    }

    private int Width => (_heads + 2 * _kvHeads) * _headDim;

    private AttentionRow* Rows => (AttentionRow*)_rows.Data;

    /// <summary>Attention of some of the tokens, (count, NH * HS).</summary>
    public float[] Run(int first, int count, Action<Attention<TElement>> run, int contextLength = 0, int threads = 1)
    {
        var scratchLayout = new AttentionScratch(Math.Max(contextLength, _length), _headDim);
        using var scratch = new NativeBuffer(scratchLayout.Length * threads);
        new Span<float>(scratch.Data, (int)scratch.Length).Fill(float.NaN);
        var mixed = new Guarded(new float[count * _heads * _headDim]);
        fixed (float* qkv = _qkv, y = mixed.Span)
        {
            run(new Attention<TElement>
            {
                Qkv = qkv + first * Width,
                Mixed = y,
                Scratch = scratch.Data,
                Rows = Rows + first,
                ScratchLayout = scratchLayout,
                Page = _layout,
                Tokens = count,
                HeadCount = _heads,
                QkvDim = Width,
                Layer = Layer,
            });
        }
        return mixed.Checked();
    }

    /// <summary>All tokens in double precision, (T, NH * HS).</summary>
    public double[] Reference()
    {
        double[] mixed = new double[_length * _heads * _headDim];
        for (int t = 0; t < _length; t++)
        {
            for (int h = 0; h < _heads; h++)
            {
                int q = t * Width + h * _headDim, k = (_heads + h / (_heads / _kvHeads)) * _headDim, v = k + _kvHeads * _headDim;
                double[] e = [.. Enumerable.Range(0, t + 1).Select(p =>
                    Math.Exp(Enumerable.Range(0, _headDim).Sum(d => (double)_qkv[q + d] * Cached(p * Width + k + d)) / Math.Sqrt(_headDim)))];
                for (int d = 0; d < _headDim; d++)
                    mixed[(t * _heads + h) * _headDim + d] = Enumerable.Range(0, t + 1).Sum(p => e[p] * Cached(p * Width + v + d)) / e.Sum();
            }
        }
        return mixed;
    }

    // What the cache makes of a key or a value.
    private double Cached(int index) =>
        typeof(TElement) == typeof(Bf16Rows) ? BitConverter.UInt32BitsToSingle((uint)TinyModels.ToBf16(_qkv[index]) << 16) : _qkv[index];

    public void Dispose()
    {
        _pages.Dispose();
        _table.Dispose();
        _rows.Dispose();
    }
}
