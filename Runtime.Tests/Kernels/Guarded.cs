namespace MyGpt.Runtime.Tests.Kernels;

/// <summary>Floats between two fences: a kernel that writes outside its span is caught.</summary>
internal sealed class Guarded
{
    private const int Fence = 16;
    private const float Mark = -7.5e22f;
    private readonly float[] _memory;

    public Guarded(IReadOnlyList<float> values)
    {
        _memory = new float[values.Count + 2 * Fence];
        Array.Fill(_memory, Mark);
        for (int i = 0; i < values.Count; i++)
            _memory[Fence + i] = values[i];
    }

    public Span<float> Span => _memory.AsSpan(Fence, _memory.Length - 2 * Fence);

    public float[] Checked()
    {
        Assert.All(_memory[..Fence].Concat(_memory[^Fence..]), value => Assert.Equal(Mark, value));
        return Span.ToArray();
    }
}
