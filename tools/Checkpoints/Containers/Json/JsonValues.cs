using System.Text;
using System.Text.Json;
using MyGpt.Checkpoints.Values;
using MyGpt.Runtime.Weights;

namespace MyGpt.Checkpoints.Containers.Json;

/// <summary>
/// Reads JSON as values. Strict where JSON is lax: a name occurs once in an object, an integer has at most 64 bits, a number is one
/// that binary64 can hold. Nesting and memory are bounded, and there is no recursion.
/// </summary>
/// <remarks>RFC 8259. A byte-order mark is skipped, as its section 8.1 allows.</remarks>
internal ref partial struct JsonValues
{
    /// <summary>What JSON may take in memory beyond its own size; a byte of it can make an object of a hundred.</summary>
    private const long BaseMemory = 32 << 20;

    private const int MaxDepth = 64;

    private readonly ReadOnlySpan<byte> _utf8;
    private readonly string _source;
    private readonly int _start;
    private readonly long _position;
    private readonly bool _tensors;
    private readonly MemoryBudget _memory;
    private readonly Stack<Value> _open = [];
    private string _name = "";
    private Utf8JsonReader _reader;

    private JsonValues(ReadOnlySpan<byte> utf8, string source, long position, bool tensors)
    {
        _start = utf8.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        _utf8 = utf8;
        _source = source;
        _position = position;
        _tensors = tensors;
        _memory = new MemoryBudget(BaseMemory + utf8.Length);
        _reader = new Utf8JsonReader(utf8[_start..], new JsonReaderOptions { MaxDepth = MaxDepth });
    }

    /// <summary>Reads one JSON text, which must be all there is.</summary>
    /// <param name="utf8">The text in UTF-8.</param>
    /// <param name="source">What to call it in messages, such as <c>config.json</c>.</param>
    /// <param name="position">Where in its file the text begins: messages count bytes from the file's start.</param>
    /// <param name="tensors">Whether arrays of numbers become float64 tensors in memory; such an array must be rectangular.</param>
    /// <exception cref="CheckpointException">
    /// It is damaged, has a name twice in one object or a number out of range, is nested too deeply, or unpacks to too much.
    /// </exception>
    public static Value Read(ReadOnlySpan<byte> utf8, string source, long position = 0, bool tensors = false)
    {
        var values = new JsonValues(utf8, source, position, tensors);
        try
        {
            return values.Run();
        }
        catch (JsonException e)
        {
            throw values.Damaged(e);
        }
    }

    private Value Run()
    {
        Value? root = null;
        while (Next())
        {
            switch (_reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    ReadName((DictValue)_open.Peek());
                    continue;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    _open.Pop();
                    continue;
            }
            Value value = Create();
            if (_open.TryPeek(out Value? parent))
                Add(parent, value);
            else
                root = value;
            if (_reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                _open.Push(value);
        }
        return root!;   // the reader refuses a text without a value
    }

    private Value Create()
    {
        switch (_reader.TokenType)
        {
            case JsonTokenType.StartObject:
                Take(Cost.Dict);
                return new DictValue();
            case JsonTokenType.StartArray when _tensors && BeginsTensor():
                return Tensor();
            case JsonTokenType.StartArray:
                Take(Cost.List);
                return new ListValue(ListKind.List, []);
            case JsonTokenType.String:
                return new TextValue(Text());
            case JsonTokenType.Number:
                Take(Cost.Number);
                return Number();
            case JsonTokenType.True:
                return BoolValue.True;
            case JsonTokenType.False:
                return BoolValue.False;
            default:
                return NoneValue.Instance;   // null is the only kind of token that is left
        }
    }

    private void Add(Value parent, Value value)
    {
        if (parent is ListValue list)
        {
            Take(Cost.Item);
            list.Items.Add(value);
            return;
        }
        Take(Cost.Pair);
        ((DictValue)parent).TryAdd(new TextValue(_name), value);
    }

    private void ReadName(DictValue parent)
    {
        _name = Text();
        if (parent.TryGet(_name, out _))
            throw Error($"the name {Printable.Quote(_name)} occurs twice in one object");
    }

    // What .NET says of a word that is none of the three has all that follows it: of a large file, more memory than may be taken.
    private bool Next()
    {
        ReadOnlySpan<byte> next = _utf8[(_start + (int)_reader.BytesConsumed)..].TrimStart(" \t\r\n,:"u8);
        bool isWord = next is [(byte)'t' or (byte)'f' or (byte)'n', ..];
        if (isWord && !next.StartsWith("true"u8) && !next.StartsWith("false"u8) && !next.StartsWith("null"u8))
            throw new CheckpointException($"{Place(_utf8.Length - next.Length - _start)}this is no JSON: a word that is none of true, false and null");
        return _reader.Read();
    }

    private readonly Value Number()
    {
        if (_reader.TryGetInt64(out long integer))
            return new IntegerValue(integer);
        if (_reader.ValueSpan.IndexOfAny((byte)'.', (byte)'e', (byte)'E') < 0)
            throw Error($"the integer {Literal()} has more than 64 bits");
        return _reader.TryGetDouble(out double real) && double.IsFinite(real)
            ? new RealValue(real) : throw Error($"the number {Literal()} is too large for binary64");
    }

    private readonly string Literal() => Printable.Escape(Encoding.ASCII.GetString(_reader.ValueSpan[..Math.Min(_reader.ValueSpan.Length, 101)]));

    private readonly string Text()
    {
        Take(Cost.Text(_reader.ValueSpan.Length));
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new CheckpointException(Place(_reader.TokenStartIndex)
                + "a string is neither UTF-8 nor an escape of a character (an unpaired surrogate is none)", e);
        }
    }

    private readonly void Take(long bytes)
    {
        if (!_memory.TryTake(bytes))
            throw Error($"the text unpacks to far more than its own size; more than {Printable.Bytes(BaseMemory)} beyond it are refused");
    }

    private readonly string Place(long at) => $"{_source}, byte {_position + _start + at}: ";

    private readonly CheckpointException Error(string message) => new(Place(_reader.TokenStartIndex) + message);

    private readonly CheckpointException Damaged(JsonException e)
    {
        JsonFault fault = JsonFault.Of(_utf8[_start..], e);
        return new CheckpointException($"{Place(fault.Offset)}this is no JSON: {fault.Reason}", e);
    }
}
