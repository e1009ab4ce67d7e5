namespace HrNetBatch.Model.Data;

/// <summary>How the samples of a data set lie in its files.</summary>
public enum DataLayout
{
    /// <summary>WebDataset tar shards: <c>KEY.jpg</c> beside <c>KEY.cls</c>.</summary>
    WebDataset,

    /// <summary>A folder for each class, an image a file; the class is the place of its name in ordinal order.</summary>
    ImageFolder,

    /// <summary>The tars of ILSVRC as they are distributed: a tar of a tar for each class, or the flat one of the validation images.</summary>
    Ilsvrc,

    /// <summary>MosaicML's MDS shards (version 2), with their <c>index.json</c>.</summary>
    Mds,
}
