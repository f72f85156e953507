using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using MyGpt.Runtime.Bench.Columns;

// dotnet run -c Release --project Runtime.Bench -- --filter '*Decode*'
ManualConfig config = ManualConfig.Create(DefaultConfig.Instance)
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddColumn(new RateColumn("tok/s", work => work.Tokens, "Tokens per second"))
    .AddColumn(new RateColumn("GB/s", work => work.Bytes / 1e9, "10^9 bytes of weights or other input read per second"))
    .AddColumn(new RateColumn("GFLOP/s", work => work.Flops / 1e9, "10^9 floating-point operations per second; a multiply-add is two"));
if (!args.Any(argument => argument is "-j" or "--job"))   // a job that is asked for takes the usual one's place
    config.AddJob(Job.Default.WithWarmupCount(3).WithIterationCount(10));
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
