using MyGpt.Runtime;

// dotnet run --project samples/Console -- weights/demo.bin
using LanguageModel model = LanguageModel.Open(args.Length > 0 ? args[0] : "weights/demo.bin");

Console.Write("Machine learning is");
foreach (ReadOnlySpan<char> text in model.Generate("Machine learning is"))
    Console.Out.Write(text);
Console.WriteLine();
