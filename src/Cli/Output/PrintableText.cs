using HrNetBatch.Jobs.Terminal;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace HrNetBatch.Cli.Output;

/// <summary>Keeps what others wrote into names and messages from steering the terminal (<see cref="Printable"/>), wherever it is shown.</summary>
internal sealed class PrintableText : IRenderHook
{
    /// <inheritdoc/>
    public IEnumerable<IRenderable> Process(RenderOptions options, IEnumerable<IRenderable> renderables) => renderables.Select(shown => new Cleaned(shown));

    private sealed class Cleaned(IRenderable inner) : IRenderable
    {
        public Measurement Measure(RenderOptions options, int maxWidth) => inner.Measure(options, maxWidth);

        public IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => inner.Render(options, maxWidth)
            .Select(part => part.IsControlCode || part.IsLineBreak ? part : new Segment(Printable.Of(part.Text), part.Style));
    }
}
