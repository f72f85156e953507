namespace MyGpt.Runtime.Kernels;

/// <summary>One kernel's mathematics, written once for all instruction sets.</summary>
internal interface IKernel
{
    /// <summary>Runs the kernel with one instruction set.</summary>
    void Run<TOps, TVec>()
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct;
}
