using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Parameters;
using MyGpt.Runtime.Bench.Columns;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;
using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Bench.Kernels;

/// <summary>
/// Attention of all layers of the 124 M shape: a prompt of 512 tokens, where multiply-adds are the limit, and one token at positions 16 and
/// 1000, where the bytes of keys and values are.
/// </summary>
public unsafe class AttentionBench : IHasWork
{
    private const int Layers = 12, Heads = 12, HeadDim = 64, QkvDim = 3 * Heads * HeadDim;
    private const int Prompt = 512, Early = 16, Late = 1000, Context = 1024;

    private readonly KvPage _page = new(Layers, Heads, HeadDim);
    private readonly AttentionScratch _scratchLayout = new(Context, HeadDim);
    private NativeBuffer _pages = null!, _table = null!, _rows = null!, _qkv = null!, _mixed = null!, _scratch = null!;
    private RowPartition _partition = null!;

    [Params(1, 2)]
    public int Threads { get; set; }

    [Params(KvType.F32, KvType.Bf16)]
    public KvType KvType { get; set; }

    public static Work WorkOf(string method, ParameterInstances parameters)
    {
        (double tokens, double read, double positions) = method switch
        {
            nameof(Prefill512) => (Prompt, Prompt, Prompt * (Prompt + 1) / 2.0),
            nameof(Decode16) => (1, Early, Early),
            _ => (1, Late, Late),
        };
        double width = Layers * Heads * HeadDim;
        return new Work(tokens, 2.0 * ((KvType)parameters[nameof(KvType)]).ElementBytes() * width * read, 4 * width * positions);
    }

    [GlobalSetup]
    public void Setup()
    {
        const int pages = Context / KvPage.Positions;
        var random = new Random(1);
        long pageBytes = _page.Length * KvType.ElementBytes();
        _pages = Filled(pageBytes / sizeof(float) * pages, random);
        if (KvType == KvType.Bf16)
        {
            foreach (ref uint pair in new Span<uint>(_pages.Data, checked((int)_pages.Length)))
                pair = (pair & 0xFFFF_0000) | (pair >> 16);   // the lower half of a float32 could be any bfloat16, a NaN too
        }
        _qkv = Filled(Prompt * QkvDim, random);
        _mixed = new NativeBuffer(Prompt * Heads * HeadDim);
        _scratch = new NativeBuffer(_scratchLayout.Length * Threads);
        _table = new NativeBuffer(pages * sizeof(byte*) / sizeof(float));
        _rows = new NativeBuffer(Prompt * sizeof(AttentionRow) / sizeof(float));
        for (int i = 0; i < pages; i++)
            ((byte**)_table.Data)[i] = (byte*)_pages.Data + i * pageBytes;
        _partition = new RowPartition(Threads);
        _partition.BeginCall(isPrompt: true);   // never paused
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _partition.Dispose();
        foreach (NativeBuffer buffer in new[] { _pages, _table, _rows, _qkv, _mixed, _scratch })
            buffer.Dispose();
    }

    [Benchmark(Baseline = true)]
    public float Prefill512() => Run(Prompt, Prompt);

    [Benchmark]
    public float Decode16() => Run(1, Early);

    [Benchmark]
    public float Decode1000() => Run(1, Late);

    private static NativeBuffer Filled(long length, Random random)
    {
        var buffer = new NativeBuffer(length);
        for (long i = 0; i < length; i++)
            buffer.Data[i] = random.NextSingle() - 0.5f;
        return buffer;
    }

    // Tokens that end at a length, all layers.
    private float Run(int tokens, int length) => KvType switch
    {
        KvType.F32 => Run<F32Rows>(tokens, length),
        KvType.Bf16 => Run<Bf16Rows>(tokens, length),
    };

    private float Run<TElement>(int tokens, int length)
        where TElement : struct, IKvType
    {
        var rows = (AttentionRow*)_rows.Data;
        long positions = 0;
        for (int t = 0; t < tokens; t++)
        {
            rows[t] = new AttentionRow((byte**)_table.Data, length - tokens + t + 1);
            positions += rows[t].Length;
        }
        for (int layer = 0; layer < Layers; layer++)
        {
            new Attention<TElement>
            {
                Qkv = _qkv.Data,
                Mixed = _mixed.Data,
                Scratch = _scratch.Data,
                Rows = rows,
                ScratchLayout = _scratchLayout,
                Page = _page,
                Tokens = tokens,
                HeadCount = Heads,
                QkvDim = QkvDim,
                Layer = layer,
            }.Run(_partition, positions);
        }
        return *_mixed.Data;
    }
}
