namespace HrNetBatch.Model.Native;

/// <summary>libtorch is missing or does not load; the message names the folder, the file and what to do.</summary>
public sealed class LibTorchException(string message) : Exception(message);
