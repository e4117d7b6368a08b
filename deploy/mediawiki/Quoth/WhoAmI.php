<?php

namespace Quoth;

use MediaWiki\Rest\Handler;
use MediaWiki\Rest\Response;

/**
 * Who is signed in: their name, percent-encoded, in X-Wiki-User; no such header for nobody.
 */
class WhoAmI extends Handler {
	public function execute(): Response {
		$response = $this->getResponseFactory()->createNoContent();
		$response->setHeader( 'Cache-Control', 'private, no-store' );
		$user = $this->getAuthority()->getUser();
		if ( $user->isRegistered() ) {
			$response->setHeader( 'X-Wiki-User', rawurlencode( $user->getName() ) );
		}
		return $response;
	}

	/** Nobody is told from somebody on a wiki that only members read, too. */
	public function needsReadAccess(): bool {
		return false;
	}

	public function needsWriteAccess(): bool {
		return false;
	}
}
