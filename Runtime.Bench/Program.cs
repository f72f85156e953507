using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using MyGpt.Runtime.Bench.Columns;

// dotnet run -c Release --project Runtime.Bench -- --filter '*Decode*'
// The job is the default one: --job dry or --job short takes its place.
IConfig config = DefaultConfig.Instance
    .AddJob(Job.Default.WithWarmupCount(3).WithIterationCount(10).AsDefault())
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddColumn(new RateColumn("tok/s", work => work.Tokens, "Tokens per second"))
    .AddColumn(new RateColumn("GB/s", work => work.Bytes / 1e9, "10^9 bytes of weights or other input read per second"))
    .AddColumn(new RateColumn("GFLOP/s", work => work.Flops / 1e9, "10^9 floating-point operations per second; a multiply-add is two"));
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
