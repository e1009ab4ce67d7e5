#!/bin/bash
# healthcheck.sh NAME PATH: succeeds when GET http://127.0.0.1:PORT/PATH answers 200, where NAME is the environment variable that holds PORT.
# In bash alone, because the images have neither curl nor wget, and each would be one more thing to patch.
set -euo pipefail
port=${!1:?names the port}
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET %s HTTP/1.1\r\nHost: localhost:%s\r\nConnection: close\r\n\r\n' "$2" "$port" >&3
read -r _ status _ <&3
[ "$status" = 200 ]
