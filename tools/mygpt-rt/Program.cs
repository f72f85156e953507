using MyGpt.CommandLine;
using MyGpt.CommandLine.Terminal;

using ProcessConsole process = new();
return (int)Cli.Run(args, process.Console);
