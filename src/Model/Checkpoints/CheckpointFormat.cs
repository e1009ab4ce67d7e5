namespace HrNetBatch.Model.Checkpoints;

/// <summary>How a checkpoint's file is built.</summary>
public enum CheckpointFormat
{
    /// <summary>torch ≥ 1.6: a zip archive.</summary>
    Zip,

    /// <summary>torch &lt; 1.6: pickles, then raw data.</summary>
    Legacy,

    /// <summary>safetensors: a JSON header, then raw data.</summary>
    Safetensors,
}
