using HrNetBatch.Model.Data;

namespace HrNetBatch.Jobs.Blobs;

/// <summary>A stream that is read once, from its beginning to its end, and holds something until it is disposed.</summary>
internal abstract class ForwardStream : ForwardOnlyStream
{
    private bool _isDisposed;

    public override async ValueTask DisposeAsync()
    {
        await EndOnceAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            EndOnceAsync().GetAwaiter().GetResult();
        base.Dispose(disposing);
    }

    /// <summary>Frees what the stream holds; called once.</summary>
    protected abstract Task EndAsync();

    private Task EndOnceAsync()
    {
        if (_isDisposed)
            return Task.CompletedTask;
        _isDisposed = true;
        return EndAsync();
    }
}
