# The worker. From the repository's root:
#   docker build -f infra/docker/worker.Dockerfile -t hrnet-worker .
#   docker build -f infra/docker/worker.Dockerfile --build-arg TORCH_BACKEND=cuda -t hrnet-worker:cuda .
#
# The bases are pinned to a .NET version on Ubuntu 24.04, whose libstdc++ has GLIBCXX_3.4.32, which TorchSharp's library asks for, and
# take its security updates with each build. A release that must be built again to the byte adds their digests (tag@sha256:…).
# Plain instructions only (no cache mounts, no here-documents), so that `az acr build` takes the file as well.

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
# cpu, cuda (CUDA 12.8, several GB more), or none: a libtorch is mounted into the container and named in HRNET_LIBTORCH.
ARG TORCH_BACKEND=cpu
ARG REVISION=unknown
WORKDIR /source

# First what a restore reads: a change of code alone does not fetch the packages again.
COPY .editorconfig global.json Directory.Build.props Directory.Build.targets Directory.Packages.props BannedSymbols.txt ./
COPY src/Directory.Build.props src/
COPY src/Wording/Wording.csproj src/Wording/
COPY src/Model/Model.csproj src/Model/
COPY src/Jobs/Jobs.csproj src/Jobs/
COPY src/Kinds/Kinds.csproj src/Kinds/
COPY src/Worker/Worker.csproj src/Worker/
RUN dotnet restore src/Worker --runtime linux-x64 -p:TorchBackend=${TORCH_BACKEND}

COPY recipes/ recipes/
COPY infra/keda/ infra/keda/
COPY src/Wording/ src/Wording/
COPY src/Model/ src/Model/
COPY src/Jobs/ src/Jobs/
COPY src/Kinds/ src/Kinds/
COPY src/Worker/ src/Worker/
RUN dotnet publish src/Worker --configuration Release --runtime linux-x64 --no-self-contained --no-restore --output /app \
    -p:TorchBackend=${TORCH_BACKEND} -p:SourceRevisionId=${REVISION} -p:DebugType=none -p:PublishDocumentationFiles=false

# The licences and notices that the packages carry go with them.
COPY tools/ThirdParty/ tools/ThirdParty/
RUN dotnet run --project tools/ThirdParty -- texts /app/licences

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="HrNetBatch worker" \
      org.opencontainers.image.description="Trains, validates and runs HRNet image classification networks as durable batch jobs." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# libturbojpeg decodes JPEGs more than twice as fast as libvips, which stands in for it where it is missing. Not pinned: Ubuntu removes
# a package's old version when it publishes a fix.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libturbojpeg \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY --from=build /app ./
COPY THIRD-PARTY-NOTICES.md infra/docker/healthcheck.sh ./

# Kestrel listens where HrNetBatch__Health says; the base image's own port would only be warned about.
ENV ASPNETCORE_HTTP_PORTS="" \
    HrNetBatch__Health__Address=Any \
    HrNetBatch__Health__Port=8080
EXPOSE 8080

# The user `app` of the base image, as a number, so that Kubernetes can see that it is not root. The worker writes to /tmp alone.
USER 1654

# For Docker: Kubernetes and Container Apps have probes of their own and ignore it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD ["/app/healthcheck.sh", "HrNetBatch__Health__Port", "/healthz/live"]

# The exec form: SIGTERM must reach the worker itself, which then hands its attempts back.
STOPSIGNAL SIGTERM
ENTRYPOINT ["dotnet", "HrNetBatch.Worker.dll"]
